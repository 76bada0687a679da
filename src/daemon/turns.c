/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The turns of the policies' processes: begun at a tick, heard when they are over. */
#include "daemon/policies.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/vec.h"
#include "daemon/loop.h"

#include <errno.h>
#include <string.h>

#define OUTCOMES_MOST 4096
/* Ticks are not exact: a turn an interval after the last may come a little early. */
#define INTERVAL_SLACK 8 /* an eighth */
/* The first birth after a pause has its turn at once. While VMs are born all the time, those turns
 * have this part of a CPU for each policy at the most: half a percent. */
#define BIRTH_PART 200

static void trouble(struct daemon *daemon, struct loaded *loaded, const char *text)
{
	struct log_about about = { .policy = loaded->name };

	/* Told when it changes, not at each turn. */
	if (strcmp(loaded->trouble, text) == 0)
		return;
	snprintf(loaded->trouble, sizeof loaded->trouble, "%s", text);
	log_about(&about, LOG_WARNING, "policy %s: %s", loaded->name, text);
	daemon_note(daemon, NULL, loaded->name, "policy %s: %s", loaded->name, text);
}

/* Intents alone need no turns: the arbiter carries them out. */
static bool has_turns(const struct loaded *loaded)
{
	return loaded->policy->rule_count > 0 || decider_language(loaded->decider) == DECIDER_C;
}

static void begin_tick(struct daemon *daemon, struct loaded *loaded, uint64_t now)
{
	struct error err = { 0 };
	int r;

	loaded->tick_waits = loaded->born = false; /* births are seen at ticks, too */
	loaded->due_usec = now + loaded->policy->interval_usec * daemon->budget.stretch -
			   loaded->policy->interval_usec / INTERVAL_SLACK;
	r = decider_send(loaded->decider, DECIDER_TICK, daemon->snapshot, loaded->outcomes,
			 loaded->outcome_count, &err);
	if (r == 0) {
		loaded->busy = true;
		loaded->at_birth = false;
		loaded->outcome_count = 0;
		daemon_watch(daemon, decider_fd(loaded->decider));
	} else if (r != -EAGAIN) {
		/* What it asked for before goes on holding. */
		trouble(daemon, loaded, err.text);
	}
}

void turns_begin(struct daemon *daemon)
{
	uint64_t now = clock_monotonic_usec();
	size_t i;

	for (i = 0; i < daemon->policy_count; i++) {
		struct loaded *loaded = daemon->policies[i];

		if (now < loaded->due_usec || !has_turns(loaded))
			continue;
		/* A turn of births is short: the tick's follows it, not a whole interval later. */
		if (!loaded->busy)
			begin_tick(daemon, loaded, now);
		else if (loaded->at_birth)
			loaded->tick_waits = true;
	}
}

/* -- births ------------------------------------------------------------------------------- */

static bool greets(const struct policy *policy, const struct vm *vm)
{
	int class = -2; /* not known yet */
	size_t i;

	for (i = 0; i < policy->rule_count; i++) {
		if (!policy->rules[i].at_birth)
			continue;
		if (class == -2)
			class = policy_classify(policy, vm);
		if (policy->rules[i].class_index < 0 || policy->rules[i].class_index == class)
			return true;
	}
	return false;
}

void turns_greet(struct daemon *daemon, const struct vm *vm)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++) {
		struct loaded *loaded = daemon->policies[i];

		loaded->born = loaded->born || greets(loaded->policy, vm);
	}
}

/* Outcomes wait for the tick's turn, whose rules they are for. */
static void begin_birth(struct daemon *daemon, struct loaded *loaded)
{
	struct error err = { 0 };

	loaded->born = false;
	if (decider_send(loaded->decider, DECIDER_BIRTH, daemon->snapshot, NULL, 0, &err) < 0)
		return; /* it has its turn at the tick, which tells the trouble if it lasts */
	loaded->busy = loaded->at_birth = true;
	daemon_watch(daemon, decider_fd(loaded->decider));
}

static bool birth_waits(const struct loaded *loaded)
{
	return loaded->born && !loaded->busy;
}

void turns_begin_births(struct daemon *daemon)
{
	uint64_t begun, now = 0;
	size_t i;

	if (!daemon_adjusts(daemon))
		return;
	for (i = 0; i < daemon->policy_count; i++) {
		struct loaded *loaded = daemon->policies[i];

		if (!birth_waits(loaded))
			continue;
		begun = clock_monotonic_usec();
		if (begun < loaded->birth_due_usec)
			continue;
		begin_birth(daemon, loaded);
		now = clock_monotonic_usec();
		loaded->birth_due_usec = now + BIRTH_PART * daemon->budget.stretch * (now - begun);
	}
}

/* What the turn cost its process counts for the pause, too. */
static void end_birth(struct daemon *daemon, struct loaded *loaded, uint64_t cpu_usec)
{
	loaded->at_birth = false;
	loaded->birth_due_usec += BIRTH_PART * daemon->budget.stretch * cpu_usec;
}

/* -- decisions ---------------------------------------------------------------------------- */

static void take_decision(struct daemon *daemon, struct loaded *loaded,
			  const struct decision *decision)
{
	size_t i;

	loaded->turns++;
	loaded->turn_cpu_usec = decision->cpu_usec;
	if (decision->restarted) {
		loaded->restarts++;
		trouble(daemon, loaded, decision->trouble);
	}
	for (i = 0; i < decision->warning_count; i++) {
		loaded->errors++;
		trouble(daemon, loaded, decision->warnings[i].text);
	}
	for (i = 0; i < decision->request_count; i++)
		if (!asked_take(&loaded->asked, &decision->requests[i]) ||
		    arbiter_request(daemon->arbiter, loaded->policy, &decision->requests[i]) == -ENOMEM)
			trouble(daemon, loaded, "it asks for more than there is memory for: not all of it is done");
	if (decision->state != NULL) {
		str_clear(&loaded->state);
		str_append_bytes(&loaded->state, decision->state, decision->state_size);
	}
}

static void receive(struct daemon *daemon, struct loaded *loaded)
{
	const struct decision *decision;
	struct error err = { 0 };
	int r = decider_receive(loaded->decider, &decision, &err);

	/* What is polled may be the end of its process by now. */
	daemon_watch(daemon, decider_fd(loaded->decider));
	if (r == 0)
		return;
	loaded->busy = false;
	if (loaded->at_birth)
		end_birth(daemon, loaded, r > 0 ? decision->cpu_usec : 0);
	if (r < 0)
		trouble(daemon, loaded, err.text);
	else
		take_decision(daemon, loaded, decision);
	if (loaded->tick_waits && daemon_adjusts(daemon))
		begin_tick(daemon, loaded, clock_monotonic_usec());
	if (daemon->plan_since_usec == 0)
		daemon->plan_since_usec = clock_monotonic_usec();
}

void turns_receive(struct daemon *daemon)
{
	size_t i;

	/* One can die between its turns, too. */
	for (i = 0; i < daemon->policy_count; i++)
		receive(daemon, daemon->policies[i]);
	turns_begin_births(daemon);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

uint64_t turns_due_usec(const struct daemon *daemon)
{
	uint64_t due = 0;
	size_t i;

	for (i = 0; i < daemon->policy_count; i++) {
		const struct loaded *loaded = daemon->policies[i];

		due = sooner(due, decider_deadline_usec(loaded->decider));
		if (birth_waits(loaded) && daemon_adjusts(daemon))
			due = sooner(due, loaded->birth_due_usec);
	}
	return due;
}

bool turns_are_over(const struct daemon *daemon)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		if (daemon->policies[i]->busy)
			return false;
	return true;
}

/* A policy that asks once a minute hears of the last few thousand. */
void turns_tell(struct daemon *daemon, const struct outcome *outcome)
{
	size_t i;

	for (i = 0; i < daemon->policy_count; i++) {
		struct loaded *loaded = daemon->policies[i];

		if (loaded->outcome_count >= OUTCOMES_MOST) {
			loaded->outcome_count -= OUTCOMES_MOST / 2;
			memmove(loaded->outcomes, loaded->outcomes + OUTCOMES_MOST / 2,
				loaded->outcome_count * sizeof *loaded->outcomes);
		}
		if (VEC_RESERVE(loaded->outcomes, loaded->outcome_capacity, loaded->outcome_count + 1))
			loaded->outcomes[loaded->outcome_count++] = *outcome;
	}
}

uint64_t turns_interval_usec(const struct daemon *daemon)
{
	uint64_t interval = daemon->config.interval_usec;
	size_t i;

	for (i = 0; i < daemon->policy_count; i++)
		if (daemon->policies[i]->policy->interval_usec != 0 &&
		    daemon->policies[i]->policy->interval_usec < interval)
			interval = daemon->policies[i]->policy->interval_usec;
	return interval;
}
