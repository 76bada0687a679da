/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Knobs that were never turned, laid over a recorded snapshot as if they had been: what a policy
 * reads back is what it set. Nothing else changes: what a VM uses, waits and writes is as it
 * was recorded.
 */
#ifndef DECIDE_OVERLAY_H
#define DECIDE_OVERLAY_H

#include "model/plan.h"

struct overlay;
struct snapshot;

struct overlay *overlay_new(void); /* NULL: no memory */
void overlay_free(struct overlay *overlay);
/* A SET lays over, a RELEASE takes away what lay there; other items do nothing. -ENOMEM. */
int overlay_note(struct overlay *overlay, const struct plan_item *item);
/* Onto the snapshot, which is the caller's copy. VMs that are gone are forgotten. -ENOMEM. */
int overlay_apply(struct overlay *overlay, struct snapshot *snapshot);

#endif
