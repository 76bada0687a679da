/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One policy in a process of its own without privileges: snapshots go in, requests come out.
 * The process cannot open, connect, fork or signal; it has a CPU and a memory limit, and a
 * deadline for each turn. One that overruns or crashes is killed and started again from the same
 * bytes with the state it last gave; what it asked for before goes on holding. The caller is
 * never blocked for longer than it says.
 *
 *     decider_new -> { decider_send, (decider_fd is readable) decider_receive }* -> decider_free
 */
#ifndef DECIDE_DECIDER_H
#define DECIDE_DECIDER_H

#include "decide/decision.h"
#include "model/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decider;
struct error;
struct snapshot;
struct str;

enum decider_language { DECIDER_LUA, DECIDER_C };

/* Of wall time there is more, up to 10 s, for a process that wants the CPU and does not get it. */
struct decider_options {
	uint64_t load_usec;    /* CPU time to load in, thrice that of wall; 0: 2 s */
	uint64_t turn_usec;    /* to decide in; 0: 100 ms and 20 us a VM of CPU, ten times that of wall */
	size_t memory_bytes;   /* 0: 24 MiB */
	const char *origin;    /* the path that causes and sentences show; NULL: the one it is read from */
	struct str *problems;  /* gets what a refused file has: "PATH:LINE: error: ..." and "... warning:
				* ..." lines, safe to print, where there is more to say than `err` */
	const char *program;   /* truce-decide; NULL: that of libexec (TRUCE_LIBEXEC in the environment) */
};

enum decider_occasion { DECIDER_TICK, DECIDER_BIRTH };

/*
 * Reads the whole file at once (a file that changes meanwhile is refused), starts the process,
 * loads the policy. A path that ends in .lua is Lua, in .so a policy made by `truce policy
 * build`. The sentence has "PATH:LINE: " and the offending token where there is one.
 * `options` NULL: none.
 */
int decider_new(const char *path, const struct decider_options *options, struct decider **ret,
		struct error *err);
void decider_free(struct decider *decider);
/* Now and then: of processes that took their time to end, whatever became of their decider. */
void decider_reap(void);
const struct policy *decider_policy(const struct decider *decider);
enum decider_language decider_language(const struct decider *decider);
pid_t decider_pid(const struct decider *decider); /* 0 while it has none */
/* The bytes it was made from, and their 64-bit hash: what is running, whatever the file is now. */
const char *decider_source(const struct decider *decider, size_t *ret_size, uint64_t *ret_hash);
/* Before the first turn: what a predecessor's `state` was. */
int decider_restore(struct decider *decider, const char *state, size_t size, struct error *err);

/* Begins a turn: the VMs carry their class in VM_TEXT_CLASS. Outcomes are those since the turn
 * before. Does not wait; the snapshot is copied. What the policy compares it with is that of
 * the tick before. -EBUSY while a turn is under way; -EAGAIN, with a sentence, while a policy
 * that died in each of its last turns is left in peace (1 s, 2 s, ... 64 s). */
int decider_send(struct decider *decider, enum decider_occasion occasion,
		 const struct snapshot *snapshot, const struct outcome *outcomes,
		 size_t outcome_count, struct error *err);
/* To poll, between turns too; another one after any decider_receive. The old one is closed. */
int decider_fd(const struct decider *decider);
uint64_t decider_deadline_usec(const struct decider *decider); /* monotonic; 0: no turn */
/* 1 and the decision; 0 while it is not there yet (the deadline may be later then). Past the
 * deadline the process is killed, and the decision is empty with `restarted`; so it is where the
 * process died between two turns. Negative: it cannot be started again (the next turn tries). */
int decider_receive(struct decider *decider, const struct decision **ret, struct error *err);
/* Both, waiting: for replay, check and tests. */
int decider_turn(struct decider *decider, enum decider_occasion occasion,
		 const struct snapshot *snapshot, const struct outcome *outcomes,
		 size_t outcome_count, const struct decision **ret, struct error *err);

#endif
