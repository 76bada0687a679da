/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots as CSV (RFC 4180): one row a VM and snapshot; the columns are time, sequence, id,
 * pid, vcpus, then the texts and figures of VMs in the order of figures.h. What is absent is an
 * empty field. CSV has no escapes of its own, so texts are written as text_append_safe writes.
 */
#ifndef REPORT_SNAPSHOT_CSV_H
#define REPORT_SNAPSHOT_CSV_H

#include "model/snapshot.h"

struct str;

void snapshot_csv_append_header(struct str *out);
/* `wanted` chooses VMs; NULL: all. */
void snapshot_csv_append_rows(const struct snapshot *snapshot,
			      bool (*wanted)(const struct vm *vm, void *context), void *context,
			      struct str *out);

#endif
