/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tuner sees (struct tune_seen), gathered cheaply enough for several times a second: KSM's own
 * files, ksmd's CPU time, the host's CPU pressure, and how much memory of VMs may be merged. The
 * last is read from smaps once a VM is there, and again at times whose cost is next to nothing;
 * between, a VM's resident memory tells how it grew.
 *
 *     seen_new -> { seen_look }* -> seen_free
 */
#ifndef KSM_SEEN_H
#define KSM_SEEN_H

#include "ksm/tune.h"
#include "sys/ksm.h"

struct error;
struct root;
struct seen;
struct snapshot;

/* Does not own root. -ENOENT: no KSM here. */
int seen_new(struct root *root, struct seen **ret, struct error *err);
void seen_free(struct seen *seen);

/*
 * Now; `vms` lists the VMs, whose figures are not looked at. `born` is left false: events tell that.
 * What this kernel does not tell is 0 (tune.h). `ret_ksm` gets KSM's files as they were read.
 */
int seen_look(struct seen *seen, const struct snapshot *vms, struct tune_seen *ret,
	      struct ksm *ret_ksm, struct error *err);

#endif
