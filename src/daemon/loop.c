/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/answers.h"
#include "daemon/loop.h"
#include "daemon/carry.h"
#include "daemon/own_cost.h"
#include "daemon/policies.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "control/control.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SAVE_EVERY_USEC (60 * USEC_PER_SEC)
#define SLOW_EVERY_USEC (10 * USEC_PER_SEC)
/* A policy that thinks for long holds up the others' plan for no longer. */
#define PLAN_WAITS_USEC (100 * USEC_PER_MSEC)

void daemon_watch(struct daemon *daemon, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (fd >= 0)
		epoll_ctl(daemon->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int watch_signals(struct daemon *daemon, struct error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	daemon->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (daemon->signal_fd < 0)
		return error_errno(err, -errno, "cannot hear signals");
	daemon_watch(daemon, daemon->signal_fd);
	daemon_watch(daemon, control_server_fd(daemon->server));
	daemon_watch(daemon, act_fd(daemon->act));
	daemon_watch(daemon, loader_fd(daemon->loader));
	return 0;
}

static void take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	while (read(daemon->signal_fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGHUP)
			requests_reload(daemon, 0);
		else
			daemon->stop = true;
	}
}

/* -- what is due -------------------------------------------------------------------------- */

void daemon_save_hand(struct daemon *daemon)
{
	struct error err = { 0 };
	char path[1024];

	if (!daemon->dirty)
		return;
	snprintf(path, sizeof path, "%s/hand.json", control_state_directory());
	if (holds_save(path, daemon->boot, &daemon->hand, &err) < 0)
		log_line(LOG_WARNING, "%s", err.text);
	else
		daemon->dirty = false;
}

static void save(struct daemon *daemon)
{
	policy_state_save(daemon);
	daemon_save_hand(daemon);
}

static void look_at_journal(struct daemon *daemon)
{
	struct error err = { 0 };
	bool full = leases_probe(daemon->leases, &err) < 0;

	if (full == daemon->journal_full)
		return;
	daemon->journal_full = full;
	snprintf(daemon->journal_trouble, sizeof daemon->journal_trouble, "%.200s%s",
		 full ? err.text : "", full ? ": nothing is adjusted, what is set stays" : "");
	if (full)
		log_line(LOG_ERR, "%s", daemon->journal_trouble);
	else
		log_line(LOG_NOTICE, "the journal can be written again: adjusting goes on");
	daemon_note(daemon, NULL, "", "%s", full ? daemon->journal_trouble :
		    "the journal can be written again: adjusting goes on");
	notify("STATUS=%s", full ? daemon->journal_trouble : mode_name(daemon->mode));
	daemon->plan_since_usec = 1;
}

static void look_at_cost(struct daemon *daemon, uint64_t now)
{
	struct budget *budget = &daemon->budget;

	if (now < budget->step_begin_usec + BUDGET_STEP_USEC)
		return;
	own_cost_read(daemon);
	if (!budget_add(budget, now, own_cost_cpu_usec(), control_server_cpu_usec(daemon->server),
			own_cost_deciders_cpu_usec(daemon)))
		return;
	log_line(LOG_NOTICE, budget_is_over(budget) ?
		 "over the budget of %.1f %% of a CPU: the interval is %u times as long" :
		 "within the budget of %.1f %% of a CPU: the interval is as it should be (%u)",
		 budget->permyriad / 100.0, budget->stretch);
	daemon_note(daemon, NULL, "", "interval is %u times as long (budget %.1f %% of a CPU)",
		    budget->stretch, budget->permyriad / 100.0);
}

static void write_metrics(struct daemon *daemon)
{
	char path[1024];
	struct str text;

	str_init(&text);
	metrics_append(daemon, false, &text);
	snprintf(path, sizeof path, "%s/truced.prom", control_run_directory());
	if (!text.failed)
		keep_file_write(path, text.data, text.length, 0644, NULL);
	str_done(&text);
}

/* What need not be done at each tick. */
static void look_around(struct daemon *daemon, uint64_t now)
{
	const char *warning;

	if (daemon->watchdog_usec != 0 && now >= daemon->watchdog_due_usec) {
		daemon->watchdog_due_usec = now + daemon->watchdog_usec;
		notify("WATCHDOG=1");
	}
	look_at_cost(daemon, now);
	if (now >= daemon->save_due_usec) {
		daemon->save_due_usec = now + SAVE_EVERY_USEC;
		save(daemon);
	}
	if (now < daemon->slow_due_usec)
		return;
	daemon->slow_due_usec = now + SLOW_EVERY_USEC;
	leases_forget_dead(daemon->leases);
	write_metrics(daemon);
	while ((warning = observe_warning(daemon->observe)) != NULL)
		log_line(LOG_WARNING, "%s", warning);
}

static void finish_effects(struct daemon *daemon)
{
	struct effect_wait wait;

	while (effects_take_due(&daemon->effects, daemon->snapshot->monotonic_usec, &wait)) {
		const struct vm *vm = snapshot_find_vm(daemon->snapshot, &wait.vm);
		struct effect_mark now;

		if (vm == NULL && wait.vm.pid != 0)
			continue; /* it ended: nothing followed that can be told */
		effect_look(daemon->snapshot, vm, &now);
		effect_finish(&wait, &now);
		ledger_write_effect(daemon->ledger, wait.id, &wait.effect, NULL);
	}
}

static void tick(struct daemon *daemon, uint64_t now)
{
	uint64_t interval = turns_interval_usec(daemon) * daemon->budget.stretch;
	struct error err = { 0 };

	/* On the grid of the interval; what was missed is not made up for. */
	daemon->tick_due_usec += interval;
	if (daemon->tick_due_usec <= now)
		daemon->tick_due_usec = now + interval;
	if (observe_tick(daemon->observe, &err) < 0) {
		log_line(LOG_ERR, "%s", err.text);
		return;
	}
	daemon->snapshot = observe_snapshot(daemon->observe);
	if (holds_expire(&daemon->hand, daemon->snapshot->realtime_usec))
		daemon->dirty = true;
	records_refresh(daemon);
	requests_answer_late(daemon);
	decider_reap();
	finish_effects(daemon);
	look_at_journal(daemon);
	carry_births(daemon);
	if (daemon->mode != MODE_OBSERVE && !daemon->hand.paused)
		turns_begin(daemon);
	if (daemon->mode == MODE_ENFORCE && daemon_adjusts(daemon))
		act_look_for_drift(daemon->act, daemon->snapshot);
	carry_outcomes(daemon);
	daemon->plan_since_usec = now;
}

static bool plan_is_due(const struct daemon *daemon, uint64_t now)
{
	return daemon->plan_since_usec != 0 &&
	       (turns_are_over(daemon) || now >= daemon->plan_since_usec + PLAN_WAITS_USEC);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return b != 0 && b < a ? b : a;
}

static uint64_t next_due(const struct daemon *daemon)
{
	uint64_t due = daemon->tick_due_usec;

	due = sooner(due, control_server_due_usec(daemon->server));
	due = sooner(due, act_timer_usec(daemon->act));
	due = sooner(due, turns_due_usec(daemon));
	if (daemon->plan_since_usec != 0)
		due = sooner(due, daemon->plan_since_usec + PLAN_WAITS_USEC);
	if (daemon->watchdog_usec != 0)
		due = sooner(due, daemon->watchdog_due_usec);
	return due;
}

/* Everything that made a descriptor readable, and everything whose time has come. */
static void serve(struct daemon *daemon)
{
	struct epoll_event events[16];
	uint64_t now = clock_monotonic_usec();
	struct load *load;

	epoll_wait(daemon->epoll_fd, events, 16, 0);
	take_signals(daemon);
	control_server_run(daemon->server);
	turns_receive(daemon);
	load = loader_take(daemon->loader);
	if (load != NULL)
		requests_loaded(daemon, load);
	if (act_timer_usec(daemon->act) != 0 && now >= act_timer_usec(daemon->act))
		act_run_timers(daemon->act, daemon->snapshot);
	carry_outcomes(daemon);
}

static void turn_round(struct daemon *daemon)
{
	int r = observe_wait(daemon->observe, next_due(daemon));
	uint64_t now;

	daemon->snapshot = observe_snapshot(daemon->observe);
	/* A birth goes before everything else. */
	if (r == 1) {
		carry_births(daemon);
		return;
	}
	serve(daemon);
	now = clock_monotonic_usec();
	if (now >= daemon->tick_due_usec)
		tick(daemon, now);
	if (plan_is_due(daemon, now))
		carry_plan(daemon);
	look_around(daemon, now);
}

/* Of a truced that does not adjust somebody must know why. */
static void tell_paused(struct daemon *daemon)
{
	if (!daemon->hand.paused)
		return;
	log_line(LOG_NOTICE, "paused by truce pause or truce undo: nothing is adjusted until truce resume");
	daemon_note(daemon, NULL, "", "paused by truce pause or truce undo: nothing is adjusted until truce "
		    "resume");
	notify("STATUS=%s, paused until truce resume", mode_name(daemon->mode));
}

static void begin(struct daemon *daemon)
{
	uint64_t now = clock_monotonic_usec();
	struct error err = { 0 };

	records_refresh(daemon);
	policies_start(daemon);
	policies_tell_needs(daemon);
	carry_resume(daemon);
	if (daemon_apply_holds(daemon, &err) < 0)
		log_line(LOG_ERR, "%s", err.text);
	observe_sample_new(daemon->observe);
	daemon->watchdog_usec = notify_watchdog_usec();
	daemon->watchdog_due_usec = now;
	daemon->save_due_usec = now + SAVE_EVERY_USEC;
	daemon->tick_due_usec = now;
	look_at_journal(daemon);
	daemon_note(daemon, NULL, "", "truced " TRUCE_VERSION " started: %s, %zu policies, %zu VMs",
		    mode_name(daemon->mode), daemon->policy_count, daemon->snapshot->vm_count);
	log_line(LOG_NOTICE, "%s: %zu policies, %zu VMs", mode_name(daemon->mode), daemon->policy_count,
		 daemon->snapshot->vm_count);
	notify("READY=1\nSTATUS=%s, %zu policies", mode_name(daemon->mode), daemon->policy_count);
	tell_paused(daemon);
}

int daemon_run(struct daemon *daemon, struct error *err)
{
	int r = watch_signals(daemon, err);

	if (r < 0)
		return r;
	begin(daemon);
	while (!daemon->stop)
		turn_round(daemon);
	notify("STOPPING=1");
	carry_outcomes(daemon);
	save(daemon);
	daemon_note(daemon, NULL, "", "truced ended: what is set stays");
	log_line(LOG_NOTICE, "ended: what is set stays (%zu leases)", leases_count(daemon->leases));
	return 0;
}
