/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A person's hand on truced: holds (`truce set`), paused VMs, and the pause of everything. It is
 * kept in hand.json below the state directory, so that it outlives truced. What concerns a VM of
 * another boot is forgotten, but for holds without end: they wait for a VM of that name.
 */
#ifndef HOLDS_HOLDS_H
#define HOLDS_HOLDS_H

#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct snapshot;

struct hold {
	struct vm_identity vm;   /* pid 0 and no name: the host; pid 0 and a name: not here now */
	char vm_name[64];
	enum setting setting;
	struct setting_value value;
	uint64_t until_usec;     /* realtime; 0: for ever */
};

struct holds {
	bool paused;             /* everything */
	struct vm_identity *vms; /* paused ones */
	size_t vm_count, vm_capacity;
	struct hold *holds;
	size_t hold_count, hold_capacity;
};

void holds_done(struct holds *holds);
int holds_load(const char *path, const char *boot, uint64_t realtime_usec, struct holds *ret,
	      struct error *err);
int holds_save(const char *path, const char *boot, const struct holds *holds, struct error *err);

bool holds_is_paused(const struct holds *holds, const struct vm_identity *vm); /* this VM alone */
int holds_pause(struct holds *holds, const struct vm_identity *vm);
void holds_resume(struct holds *holds, const struct vm_identity *vm);
/* The hold on it, made where it is missing; NULL: no memory. */
struct hold *holds_take(struct holds *holds, const struct vm_identity *vm, const char *vm_name,
		       enum setting setting);
bool hold_is_of(const struct hold *hold, const struct vm_identity *vm);
bool holds_let_go(struct holds *holds, const struct vm_identity *vm, enum setting setting);
/* All of one; NULL: of everybody, and of those that wait. How many. */
size_t holds_let_go_all(struct holds *holds, const struct vm_identity *vm);
/* A hold that waited for a VM of this name is this one's now; true: there was one. */
bool holds_greet(struct holds *holds, const struct vm_identity *vm, const char *vm_name);
/* The VM is gone: its pause is over, and holds without end wait. */
bool holds_part(struct holds *holds, const struct vm_identity *vm);
/* The same of each that is gone from the snapshot: after a load. */
void holds_part_gone(struct holds *holds, const struct snapshot *snapshot);
/* Holds whose time is over go; true: there was one. */
bool holds_expire(struct holds *holds, uint64_t realtime_usec);

#endif
