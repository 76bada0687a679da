/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cells of all tables, written and read by the same code: what each cell was expected to
 * do, and by how much that missed. doc/format/snapshot-bytes.md tells the order.
 */
#ifndef MODEL_SNAPSHOT_CELLS_H
#define MODEL_SNAPSHOT_CELLS_H

#include "model/snapshot_table.h"

/*
 * Codes the values of all tables, either way. Writing: each cell's growth and next_state, and
 * each column's `changed`, have been set. False: no memory, or (reading) the bytes are wrong.
 */
bool tables_code(struct tables *tables, struct range_coder *coder);

#endif
