/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is changed for a while, and how to give it back. The undo of a change is in the journal
 * before the change is made, and leaves it when it has been given back; so after a crash at any
 * instant the journal tells what may be set, and to give back what was never set is harmless.
 *
 * The journal (/run/truce/journal, doc/format/journal.md) belongs to one boot: one of another
 * boot is set aside with a sentence. One process writes it, under a lock that all of Truce
 * shares; its threads may all call these functions. A lease whose VM is gone is dropped, never
 * undone on a stranger: the VM's identity (pid, start time, ordinal) is checked first.
 */
#ifndef LEASE_LEASE_H
#define LEASE_LEASE_H

#include "model/vm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct leases;
struct root;

#define LEASES_DIRECTORY "/run/truce"
enum { LEASE_LEFT = 1 };

/* One kind of change. A kind is a file's struct of functions; who opens the journal names them
 * all. `undo` gives `was` back to `target`; it must bear being called for what was never done,
 * and twice. -ENOENT: what it belonged to is gone, which is as good. */
struct lease;
struct lease_kind {
	const char *name; /* "file", "nice", "cgroup", ... : a word in the journal */
	bool slow;        /* undo asks an owner that may be slow: not where a loop must go on */
	int (*undo)(void *context, const struct vm_identity *vm, const char *target,
		    const char *was, const char *now, struct error *err);
	/* The VM has ended: removes what it would leave behind, as a made cgroup. NULL: there is
	 * nothing, the lease is dropped. On a failure the lease stays. */
	int (*forget)(void *context, const char *target, const char *was, struct error *err);
	/* Whether what is there was set by somebody else since: 1, with what it is. Reads only.
	 * NULL, or a failure: it is taken for ours. */
	int (*theirs)(void *context, const struct lease *lease, char *ret_found, size_t size);
};

struct lease {
	uint64_t id;                /* never used twice in one boot */
	const struct lease_kind *kind;
	struct vm_identity vm;      /* pid 0: the host's */
	char *target;               /* what was changed: a file, a thread, a device */
	char *was, *now;            /* values as the kind writes them */
	char *earlier;              /* the `now` before it was taken again; NULL: none */
	char *note;                 /* of the caller, one line: setting, value, cause; NULL */
	uint64_t realtime_usec;
};

struct leases_options {
	const char *directory;      /* NULL: TRUCE_RUN_DIR, else LEASES_DIRECTORY */
	const struct lease_kind *const *kinds; /* ended by NULL */
	void *context;              /* for undo */
	/* What leases_undo_all left to somebody else. NULL: nobody wants to know. */
	void (*left)(const struct lease *lease, const char *sentence);
};

/*
 * Takes the lock, reads what a predecessor left (those leases stand, to be resumed or undone)
 * and opens the journal. -EBUSY with a sentence that names who has the lock. A journal of
 * another boot is renamed; `ret_told` gets a sentence about that and about damage, or "".
 */
int leases_open(struct root *root, const struct leases_options *options, struct leases **ret,
		char *ret_told, size_t told_size, struct error *err);
/* Without the lock, to look only: leases_undo and leases_take fail then. */
int leases_peek(struct root *root, const struct leases_options *options, struct leases **ret,
		struct error *err);
void leases_close(struct leases *leases); /* what is set stays set */

/* Writes "about to" and only then returns. After a failure (-ENOSPC) nothing may be changed. A
 * second lease on the same kind, vm and target keeps the first one's `was`. */
int leases_take(struct leases *leases, const struct lease_kind *kind, const struct vm_identity *vm,
		const char *target, const char *was, const char *now, const char *note,
		uint64_t *ret_id, struct error *err);
/* It was given back, or never done. */
int leases_drop(struct leases *leases, uint64_t id, struct error *err);
/* LEASE_LEFT with a sentence (code 0): somebody else set it since, and that stays. */
int leases_undo(struct leases *leases, uint64_t id, struct error *err);
/* The newest first; goes on after a failure. Returns how many could not be given back. */
size_t leases_undo_all(struct leases *leases, struct error *err);
/* Drops the leases of VMs that have ended, as /proc says; returns how many were dropped. */
size_t leases_forget_dead(struct leases *leases);

/* A struct lease never changes, and lives until leases_sweep or leases_close: a lease that is
 * taken again is a new struct with the same id. */
size_t leases_count(const struct leases *leases);
const struct lease *leases_at(const struct leases *leases, size_t index); /* oldest first */
/* The one with the lowest id above this (0: the first); to go over them while they change. */
const struct lease *leases_next(const struct leases *leases, uint64_t id);
/* The one with the highest id below this (UINT64_MAX: the newest). */
const struct lease *leases_previous(const struct leases *leases, uint64_t id);
/* NULL: there is none. */
const struct lease *leases_find(const struct leases *leases, const struct lease_kind *kind,
				const struct vm_identity *vm, const char *target);
/* Frees what was dropped. Nobody holds a struct lease from before, on no thread: in truced act
 * alone calls it, when its worker is idle. */
void leases_sweep(struct leases *leases);
/* -ENOSPC with a sentence when the next lease would not find room: stop adjusting. */
int leases_probe(struct leases *leases, struct error *err);

#endif
