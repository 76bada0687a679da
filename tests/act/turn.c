/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns knobs as the daemon would, by plan, act and lease, holds them until stdin ends, and gives
 * everything back: for claims and benchmarks that measure what a knob does.
 *
 *   turn [--uplink BYTES] [--balloon SECONDS] [--high SECONDS] [SETTING=VALUE@PID[:ORDINAL] | SETTING=VALUE@host]...
 *
 * With TRUCE_RUN_DIR in the environment the journal is there, and TURN_CGROUP is the cgroup in which
 * VMs are given one of their own. A line for each outcome and for
 * what then reads back, and one when all has been turned:
 *   outcome PID SETTING STATUS VALUE (WHERE) SENTENCE
 *   reads PID SETTING VALUE (WHERE)
 *   ready
 * then, for each line "read" on stdin, what came by itself, the values again and "ready"; at its end
 * what could not be given back, and how many leases are left:
 *   left FAILED LEASES
 * Exit status: 0; 1 where something was not applied or not given back; 2 wrong usage.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/act.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "lease/lease.h"
#include "model/plan.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "sys/root.h"

#define LOOK_MSEC 100
#define PATIENCE_USEC (60 * USEC_PER_SEC)

struct turner {
	struct root *root;
	struct observe *observe;
	struct leases *leases;
	struct act *act;
	struct plan plan;
	struct act_options options;
	size_t applied;
};

static int parse_item(const struct snapshot *snapshot, const char *text, struct plan *plan,
		      struct error *err)
{
	const char *at = strchr(text, '@'), *equals = strchr(text, '=');
	struct plan_item *item = plan_add(plan);
	struct str value, name;
	unsigned ordinal = 0;
	int setting, pid = 0, r;
	size_t i;

	if (item == NULL || at == NULL || equals == NULL || equals > at)
		return error_set(err, -EINVAL, "\"%s\" is not SETTING=VALUE@PID", text);
	str_init(&name);
	str_init(&value);
	str_append_bytes(&name, text, (size_t)(equals - text));
	str_append_bytes(&value, equals + 1, (size_t)(at - equals - 1));
	setting = setting_find(name.data);
	r = setting < 0 ? error_set(err, -EINVAL, "there is no setting \"%s\"", name.data) :
			  setting_parse((enum setting)setting, value.data, &item->to, err);
	str_done(&name);
	str_done(&value);
	if (r < 0)
		return r;
	item->setting = item->asked = (enum setting)setting;
	item->verdict = PLAN_SET;
	snprintf(item->cause.policy, sizeof item->cause.policy, "set");
	if (strcmp(at + 1, "host") == 0)
		return 0;
	if (sscanf(at + 1, "%d:%u", &pid, &ordinal) < 1)
		return error_set(err, -EINVAL, "\"%s\" names no process", text);
	for (i = 0; i < snapshot->vm_count; i++)
		if (snapshot->vms[i]->identity.pid == pid &&
		    snapshot->vms[i]->identity.ordinal == ordinal) {
			item->vm = snapshot->vms[i]->identity;
			return 0;
		}
	return error_set(err, -ESRCH, "process %d has no VM %u", pid, ordinal);
}

static void print_value(enum setting setting, const struct setting_value *value)
{
	struct str text;

	str_init(&text);
	setting_append(&text, setting, value);
	fputs(text.data != NULL ? text.data : "", stdout);
	str_done(&text);
}

static void print_outcome(const struct outcome *outcome)
{
	printf("outcome %d %s %s ", outcome->vm.pid, setting_info[outcome->setting].name,
	       outcome_status_name(outcome->status));
	print_value(outcome->setting, &outcome->to);
	printf(" (%s) %s\n", outcome->where, outcome->text);
}

/* Until as many have come as the plan has items. */
static void collect(struct turner *turner)
{
	uint64_t end = clock_monotonic_usec() + PATIENCE_USEC;
	size_t had = 0;

	while (had < turner->plan.count && clock_monotonic_usec() < end) {
		struct pollfd waiting = { .fd = act_fd(turner->act), .events = POLLIN };
		const struct outcome *outcomes;
		size_t i, count = act_collect(turner->act, &outcomes);

		for (i = 0; i < count; i++) {
			print_outcome(&outcomes[i]);
			turner->applied += outcomes[i].status == OUTCOME_APPLIED;
		}
		had += count;
		if (had < turner->plan.count)
			poll(&waiting, 1, 20);
	}
}

static void read_back(struct turner *turner)
{
	size_t i;

	for (i = 0; i < turner->plan.count; i++) {
		const struct plan_item *item = &turner->plan.items[i];
		struct setting_value value = { 0 };
		struct error err = { 0 };
		char where[64] = "";
		int r = act_read(turner->act, observe_snapshot(turner->observe), &item->vm,
				 item->setting, &value, where, &err);

		printf("reads %d %s ", item->vm.pid, setting_info[item->setting].name);
		if (r == 0)
			print_value(item->setting, &value);
		printf(" (%s) %s\n", where, r < 0 ? err.text : "");
	}
	puts("ready");
	fflush(stdout);
}

static int turner_open(struct turner *turner, struct error *err)
{
	struct observe_options options = { .once = true };
	struct leases_options leases_options = { .kinds = act_lease_kinds };
	char told[512];
	int r;

	turner->root = root_live_new();
	leases_options.context = turner->root;
	turner->observe = observe_new(turner->root, &options, err);
	r = turner->observe != NULL ? observe_tick(turner->observe, err) : -EIO;
	if (r < 0)
		return r;
	r = leases_open(turner->root, &leases_options, &turner->leases, told, sizeof told, err);
	if (r < 0)
		return r;
	turner->act = act_new(turner->root, turner->leases, &turner->options, err);
	return turner->act != NULL ? 0 : -ENOMEM;
}

static void turner_close(struct turner *turner)
{
	act_free(turner->act);
	leases_close(turner->leases);
	observe_free(turner->observe);
	plan_done(&turner->plan);
	root_free(turner->root);
}

/* What ends by itself, what somebody else turned, and what came of both. */
static void look(struct turner *turner)
{
	const struct snapshot *snapshot = observe_snapshot(turner->observe);
	struct pollfd waiting = { .fd = act_fd(turner->act), .events = POLLIN };
	const struct outcome *outcomes;
	size_t i, count;

	act_run_timers(turner->act, snapshot);
	act_look_for_drift(turner->act, snapshot);
	poll(&waiting, 1, LOOK_MSEC);
	count = act_collect(turner->act, &outcomes);
	for (i = 0; i < count; i++)
		print_outcome(&outcomes[i]);
}

static int turner_run(struct turner *turner, char **arguments, struct error *err)
{
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;
	int r = 0;

	for (; r == 0 && *arguments != NULL; arguments++)
		r = parse_item(observe_snapshot(turner->observe), *arguments, &turner->plan, err);
	if (r < 0)
		return r;
	plan_sort(&turner->plan);
	r = act_apply(turner->act, observe_snapshot(turner->observe), &turner->plan, err);
	if (r < 0)
		return r;
	collect(turner);
	read_back(turner);
	while (getline(&line, &capacity, stdin) > 0) {
		observe_tick(turner->observe, NULL);
		look(turner);
		read_back(turner);
	}
	return 0;
}

static int give_back(struct turner *turner)
{
	struct error err = { 0 };
	size_t failed = act_undo(turner->act, NULL, SETTING_COUNT, &err);

	printf("left %zu %zu\n", failed, leases_count(turner->leases));
	if (failed > 0)
		fprintf(stderr, "turn: %s\n", err.text);
	return failed > 0 || leases_count(turner->leases) > 0;
}

/* How many arguments they were. */
static int options_take(struct act_options *options, int argc, char **argv)
{
	int at = 1;

	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		uint64_t number = strtoull(argv[at + 1], NULL, 10);

		if (strcmp(argv[at], "--uplink") == 0)
			options->uplink_bytes_per_second = number;
		else if (strcmp(argv[at], "--balloon") == 0)
			options->balloon_usec = number * USEC_PER_SEC;
		else if (strcmp(argv[at], "--high") == 0)
			options->high_usec = number * USEC_PER_SEC;
		else
			break;
	}
	return at - 1;
}

int main(int argc, char **argv)
{
	struct turner turner = { .options = { .owner_usec = PATIENCE_USEC,
				       .cgroup = getenv("TURN_CGROUP") } };
	struct error err = { 0 };
	int r, status = 0;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	plan_init(&turner.plan);
	argv += options_take(&turner.options, argc, argv);
	r = turner_open(&turner, &err);
	if (r == 0)
		r = turner_run(&turner, argv + 1, &err);
	if (r < 0)
		fprintf(stderr, "turn: %s\n", err.text);
	if (turner.act != NULL)
		status = give_back(&turner);
	if (r == 0 && turner.applied < turner.plan.count)
		status = 1;
	turner_close(&turner);
	return r == -EINVAL ? 2 : r < 0 ? 1 : status;
}
