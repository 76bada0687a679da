/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies that run, in order of precedence (the names of their files). A new form of one
 * takes the place of the old one only after it was loaded and checked; loading happens on a
 * thread of its own. A copy of each, its state and its requests lie in RUN/loaded: a truced that
 * starts goes on from there, and a file in policies.d that has gone bad is replaced by the copy.
 */
#ifndef DAEMON_POLICIES_H
#define DAEMON_POLICIES_H

#include "base/error.h"
#include "daemon/daemon.h"

#include <jansson.h>

/* What is to be loaded, and what came of it. Owned by whoever has it. */
struct load {
	char path[1024];          /* to read */
	char file[256];           /* "gold.lua": its place in the order */
	char origin[512];         /* the path a person knows it by */
	bool kept, restore;       /* it lies in policies.d; it takes up the state that was saved */
	bool install;             /* to be put into policies.d when it is good */
	uint64_t ticket;          /* who waits for the answer; 0: nobody */
	struct decider *decider;  /* NULL: `err` says why */
	struct error err;
};

/* One after the other; those from `next` on are still theirs. */
struct loads {
	struct load **items;
	size_t count, next, capacity;
};
void loads_done(struct loads *loads);

/* -- loader.c: a thread that makes deciders, one after the other. */
struct loader *loader_new(struct error *err);
void loader_free(struct loader *loader);
int loader_fd(const struct loader *loader);     /* readable: loader_take has something */
int loader_begin(struct loader *loader, struct load *load); /* -EBUSY while one is under way */
bool loader_is_busy(struct loader *loader);
struct load *loader_take(struct loader *loader); /* or NULL */
void load_run(struct load *load);               /* what the thread does with each */

/* -- policies.c */
void policies_free(struct daemon *daemon);
/* Those of policies.d and of the run directory, waiting for each: before the loop begins. */
void policies_start(struct daemon *daemon);
/* A load that is done: in the place of the old form, or refused; err of load says why. `warnings`
 * (may be NULL) gets texts. Takes the decider over. */
int policies_take(struct daemon *daemon, struct load *load, bool *ret_replaced, json_t *warnings);
void policies_unload(struct daemon *daemon, struct loaded *loaded);
struct loaded *policies_find(const struct daemon *daemon, const char *name); /* or its file */
const char *policies_class_owner(const struct daemon *daemon, const struct vm *vm); /* or "" */
void policies_tell_needs(struct daemon *daemon); /* what they and the holds need, to observe */
void policies_forget_gone(struct daemon *daemon); /* what they asked for VMs without a record */
/* Names of policies.d that differ from what runs are queued as loads, the missing unloaded; or
 * (negative) everything stays. */
int policies_scan(struct daemon *daemon, struct loads *ret, struct error *err);

/* -- turns.c */
void turns_begin(struct daemon *daemon);        /* policies that are due */
void turns_greet(struct daemon *daemon, const struct vm *vm); /* for their rules at births */
void turns_begin_births(struct daemon *daemon); /* one turn for all that were greeted */
void turns_receive(struct daemon *daemon);      /* decisions that are there, or too late */
uint64_t turns_due_usec(const struct daemon *daemon); /* a deadline, or births' turn; 0: none */
bool turns_are_over(const struct daemon *daemon);
void turns_tell(struct daemon *daemon, const struct outcome *outcome);
uint64_t turns_interval_usec(const struct daemon *daemon); /* of the most frequent policy */

/* -- policy_state.c */
void policy_state_save(struct daemon *daemon);  /* of all */
void policy_state_restore(struct daemon *daemon, struct loaded *loaded);
int policy_copy_write(struct loaded *loaded, struct error *err);
void policy_copy_remove(const struct loaded *loaded);
void loaded_path(char *ret, size_t size, const char *file, const char *suffix);
void loading_path(char *ret, size_t size, const char *file);

#endif
