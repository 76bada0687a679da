/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the tables of a stream to the snapshot that they say. */
#ifndef MODEL_SNAPSHOT_FILL_H
#define MODEL_SNAPSHOT_FILL_H

#include "model/snapshot_table.h"

struct snapshot;

/*
 * After a key frame all is written; after another what changed in that frame, into the snapshot
 * of the frame before. What this program does not know is left out. False: no memory, or rows
 * that can be no objects (a negative pid); the snapshot is then of no use.
 */
bool snapshot_fill(struct snapshot *snapshot, struct tables *tables);

#endif
