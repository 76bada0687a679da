/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the arbiter knows of one VM, or of the host: who asks for what, what is set, what was
 * said. While nothing of this and nothing that it depends on in the snapshot changes, the VM
 * costs a comparison of fingerprints a tick.
 */
#ifndef DECIDE_SUBJECT_H
#define DECIDE_SUBJECT_H

#include "decide/compete.h"
#include "decide/subject_parts.h"

struct host;

struct subject {
	struct vm_identity identity; /* pid 0: the host */
	bool dirty, excluded, release;
	uint64_t fingerprint, class_fingerprint, generation;
	uint64_t look_again_usec; /* monotonic; UINT64_MAX: when something changes */
	struct ask *asks;
	size_t ask_count, ask_capacity;
	struct hold *holds;
	size_t hold_count, hold_capacity;
	struct knob *knobs; /* by setting */
	size_t knob_count, knob_capacity;
	struct told *tolds;
	size_t told_count, told_capacity;
	struct standing *standings; /* by policy, as when it was classified */
	size_t standing_count;
	struct compile_share share;
	uint64_t born_usec;
	int64_t memory_reserve;
	bool cpu_refused, memory_refused; /* its reservation does not fit */
	struct lack *lacks;       /* what it was found to have nothing for */
	size_t lack_count, lack_capacity;
	struct plan said;         /* CANNOT and HELD items, as long as nothing changes */
};

struct subject *subject_new(const struct vm_identity *identity); /* NULL: no memory */
void subject_free(struct subject *subject);

struct knob *subject_find_knob(const struct subject *subject, enum setting setting);
struct knob *subject_knob(struct subject *subject, enum setting setting); /* NULL: no memory */
void subject_remove_knob(struct subject *subject, size_t at);
/* Until then the setting is not tried. */
void subject_note_lack(struct subject *subject, enum setting setting, const char *reason,
		       uint64_t until_usec);
struct ask *subject_find_ask(const struct subject *subject, const struct policy_entry *by,
			     const char *rule, enum setting setting);
void subject_remove_ask(struct subject *subject, size_t at);
const struct standing *subject_find_standing(const struct subject *subject, uint64_t serial);
struct hold *subject_find_hold(const struct subject *subject, enum setting setting);
/* Drops the ones that are over; whether there were any. */
bool subject_end_holds(struct subject *subject, uint64_t realtime_usec, uint64_t *ret_next_usec);

/* A round begins; what was not said again in the last one is forgotten. */
void subject_told_begin(struct subject *subject);
void subject_tell(struct subject *subject, const struct plan_item *item);
void subject_told_repeat(struct subject *subject); /* all as before: nothing is news */
bool subject_is_news(const struct subject *subject, const struct plan_item *item);

/* Of what classes look at, and of all that compiling and comparing look at. */
uint64_t subject_class_fingerprint(const struct vm *vm);
uint64_t subject_host_fingerprint(const struct host *host);
uint64_t subject_host_knobs_fingerprint(const struct host *host);
uint64_t subject_fingerprint(const struct vm *vm, uint64_t class_fingerprint);

#endif
