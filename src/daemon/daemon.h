/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of truced share. One thread runs the loop and owns all of this; observe's and
 * act's workers and the loader of policies have threads of their own and are heard by
 * descriptors (ARCHITECTURE.md says what they share). The loop waits in observe_wait; for a short
 * time it also waits for owners at a person's undo, and for a policy that takes up the state of the
 * one in whose place it is loaded.
 *
 * A `vm_record` is what truced knows of one VM beyond the snapshot: it lives from the first sight
 * of the VM to the tick after its end. The host is a record with pid 0, always there.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "act/act.h"
#include "base/map.h"
#include "base/str.h"
#include "control/server.h"
#include "daemon/asked.h"
#include "daemon/budget.h"
#include "daemon/config.h"
#include "daemon/effects.h"
#include "daemon/notify.h"
#include "decide/arbiter.h"
#include "decide/decider.h"
#include "holds/holds.h"
#include "lease/lease.h"
#include "ledger/ledger.h"
#include "model/snapshot.h"
#include "observe/observe.h"

/* One setting that we have turned, or would have (dry-run). */
struct vm_setting {
	struct plan_item item;       /* as planned; of what a predecessor set, as far as is known */
	struct setting_value value;  /* that is in force */
	uint64_t id, since_usec;     /* of the adjustment; 0: unknown */
	bool set;                    /* false: planned, and its outcome not told yet */
	bool dry_run;
};

struct vm_record {
	struct vm_identity vm;
	char name[64], uuid[40], class_name[64];
	const char *policy;          /* whose class it is; "" none. Lives as long as the policy */
	bool seen;                   /* at this tick */
	bool managed;                /* false: opted out by the configuration */
	bool excluded, gives_back;   /* as the arbiter was told */
	size_t planned_vcpus;        /* when it was last planned at once */
	bool planned;
	struct vm_setting *settings;
	size_t setting_count, setting_capacity;
	struct plan_item *last;      /* SET or RELEASE; NULL: none yet */
	uint64_t last_id, last_usec;
	bool last_told;
	enum outcome_status last_status;
	struct effect_history history;
	size_t class_at;             /* of its class_sum, from 1 on; 0: not looked for yet */
	int64_t waiting_usec, cpu_usec; /* as last seen, for the sums of classes; -1: not seen */
};

/* All VMs that were in a class of that name, of whichever policy. */
struct class_sum {
	char name[64];
	size_t vms;                  /* now */
	uint64_t waiting_usec, cpu_usec; /* since truced began */
};

/* A policy that is loaded. */
struct loaded {
	char name[64];               /* the policy's own */
	char file[256];              /* "gold.lua": its place in the order */
	char origin[512];            /* the path a person knows it by */
	bool kept;                   /* in policies.d; else loaded at run time */
	struct decider *decider;
	const struct policy *policy;
	uint64_t loaded_usec;        /* realtime */
	uint64_t due_usec, birth_due_usec; /* monotonic */
	bool busy, tick_waits;       /* a turn is under way; a tick's was due meanwhile */
	bool born, at_birth;         /* a VM waits for its birth rules; the turn under way is theirs */
	struct outcome *outcomes;    /* since its last turn */
	size_t outcome_count, outcome_capacity;
	struct asked asked;          /* what holds */
	struct str state;
	uint64_t turns, errors, restarts, applied, turn_cpu_usec;
	char trouble[400];
};

enum count { COUNT_APPLIED, COUNT_REFUSED, COUNT_GONE, COUNT_LATE, COUNT_DRIFT, COUNT_RESTORED,
	     COUNT_HELD, COUNT_CANNOT, COUNT_COUNT };

struct daemon {
	struct config config;
	enum mode mode;
	struct root *root;
	struct observe *observe;
	const struct snapshot *snapshot;
	struct leases *leases;
	struct act *act;
	struct arbiter *arbiter;
	struct ledger *ledger;
	struct control_server *server;
	struct loader *loader;       /* loader.c */
	struct reload *reload;       /* requests.c; under way, or NULL */
	struct loaded **policies;    /* in order of precedence */
	size_t policy_count, policy_capacity;
	struct map records;          /* key of the VM -> struct vm_record */
	struct vm_record *host;
	struct class_sum *classes;   /* in the order in which they came; none goes */
	size_t class_count, class_capacity;
	struct holds hand;
	struct plan plan, birth_plan;
	struct effects effects;
	struct budget budget;
	char boot[40];
	uint64_t started_usec;       /* realtime */
	int epoll_fd, signal_fd;
	uint64_t tick_due_usec, plan_since_usec; /* 0: no plan is due */
	uint64_t watchdog_usec, watchdog_due_usec, save_due_usec, slow_due_usec;
	uint64_t counts[COUNT_COUNT];
	uint64_t births, birth_usec_worst;
	bool journal_full, stop, dirty; /* dirty: the hand changed and is to be saved */
	char journal_trouble[300], ledger_trouble[300];
};

/* -- daemon.c ------------------------------------------------------------------------------ */
int daemon_new(struct daemon **ret, struct error *err);
void daemon_free(struct daemon *daemon);
/* An arbiter of the present limits that knows all policies, requests and holds; without memory
 * for all of it the one before stays, with what it knew. */
int daemon_renew_arbiter(struct daemon *daemon, struct error *err);
/* The holds of the hand, told to the arbiter. -ENOMEM: not all of them. */
int daemon_apply_holds(struct daemon *daemon, struct error *err);
int daemon_set_mode(struct daemon *daemon, enum mode mode, struct error *err);
void daemon_note(struct daemon *daemon, const struct vm_record *record, const char *policy,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Whether something may be planned at all. */
bool daemon_adjusts(const struct daemon *daemon);

/* -- loop.c -------------------------------------------------------------------------------- */
int daemon_run(struct daemon *daemon, struct error *err);
void daemon_save_hand(struct daemon *daemon); /* what a person said, where it has changed */
void daemon_watch(struct daemon *daemon, int fd); /* in the loop's epoll; again is no mistake */

/* -- records.c ----------------------------------------------------------------------------- */
struct vm_record *record_of(struct daemon *daemon, const struct vm_identity *vm); /* or NULL */
struct vm_record *record_make(struct daemon *daemon, const struct vm_identity *vm);
/* Names, classes and opt-outs as the snapshot and the policies say; forgets who is gone. */
void records_refresh(struct daemon *daemon);
void record_classify(struct daemon *daemon, struct vm_record *record, const struct vm *vm);
struct vm_setting *record_setting(struct vm_record *record, enum setting setting, bool make);
void record_drop_setting(struct vm_record *record, enum setting setting);
void record_free(struct vm_record *record);
/* By id, name, uuid, pid or "host". -ENOENT, -EBUSY (several are called so). */
int record_find(struct daemon *daemon, const char *text, struct vm_record **ret, struct error *err);

/* -- carry.c ------------------------------------------------------------------------------- */
void carry_births(struct daemon *daemon);
void carry_plan(struct daemon *daemon);        /* everybody */
void carry_outcomes(struct daemon *daemon);    /* what act has told since */
void carry_resume(struct daemon *daemon);      /* what a predecessor set */

#endif
