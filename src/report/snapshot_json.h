/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots as JSON: every figure and text of every object under its name in figures.h. An
 * absent figure is null; "absent" names the reason of those that were asked for. New figures
 * are new keys; none is ever renamed. doc/format/dump-json.md has it all.
 */
#ifndef REPORT_SNAPSHOT_JSON_H
#define REPORT_SNAPSHOT_JSON_H

#include "model/snapshot.h"

struct json;
struct str;

/* Sequence and times, as keys of the object that is open. */
void snapshot_json_times(struct json *json, const struct snapshot *snapshot);
/* An object: the host's figures, its CPUs, disks and NICs. */
void snapshot_json_host(struct json *json, const struct snapshot *snapshot);
/* The keys of one VM, in the object that is open: a caller may add its own. */
void snapshot_json_vm(struct json *json, const struct snapshot *snapshot, const struct vm *vm);

/* One line of schema truce.dump/1, of the VMs that `wanted` wants (NULL: all). */
void snapshot_json_append_line(const struct snapshot *snapshot,
			       bool (*wanted)(const struct vm *vm, void *context), void *context,
			       struct str *out);

#endif
