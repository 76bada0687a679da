/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of truced share. One thread runs the loop and owns all of this; observe's and
 * act's workers and the loader of policies have threads of their own and are heard by
 * descriptors (ARCHITECTURE.md says what they share). The loop waits in observe_wait; for a short
 * time it also waits for owners at a person's undo, and for a policy that takes up the state of
 * the one in whose place it is loaded.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "act/act.h"
#include "base/map.h"
#include "control/server.h"
#include "daemon/budget.h"
#include "config/config.h"
#include "daemon/loaded.h"
#include "daemon/notify.h"
#include "daemon/vm_record.h"
#include "decide/arbiter.h"
#include "holds/holds.h"
#include "lease/lease.h"
#include "ledger/ledger.h"
#include "observe/observe.h"

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
	struct late_answer *lates;   /* requests.c */
	size_t late_count, late_capacity;
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

#endif
