/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `truce list --json` prints: the table's facts and every figure of the snapshot, as in
 * doc/format/list-json.md, schema truce.list/1. */
#ifndef CMD_LIST_JSON_H
#define CMD_LIST_JSON_H

#include "report/vm_column.h"

struct str;

void list_json_append(const struct rates *rates, const struct vm_row *rows, size_t count,
		      struct str *str);

#endif
