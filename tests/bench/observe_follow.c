/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An observer that lives until its stdin ends, ticks once a second, and tells on stdout what its
 * list knows and since when: for benchmarks and claims that check it by other means.
 *
 *   observe_follow [owner]
 *
 * With `owner` it asks VMMs as well. A line for each event, when it has come into the list, with
 * CLOCK_MONOTONIC in nanoseconds:
 *   created NSEC PID        vcpu NSEC PID INDEX        destroyed NSEC PID        lost NSEC
 * For each line on stdin it ticks, and answers with the whole list, sorted:
 *   list COUNT
 *   vm PID ORDINAL [INDEX:TID]...      a TID of 0: not known
 *   ticked USEC USEC       CPU time of the last tick; the longest time that a tick took so far
 *   end
 * Exit status: 0, or 1 where it cannot observe.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "sys/root.h"

/* As the program's own watchers, so that guests that spin do not hold it up. */
#define WATCHER_NICE (-10)
/* How often stdin is looked at. */
#define SLICE_USEC 20000

struct follow {
	struct observe *observe;
	uint64_t next_tick_usec;
	uint64_t longest_tick_usec;
};

static uint64_t now_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void tell_event(const struct event *event, uint64_t nsec)
{
	switch (event->kind) {
	case EVENT_CREATED:
		printf("created %" PRIu64 " %d\n", nsec, event->identity.pid);
		break;
	case EVENT_VCPU_ADDED:
		printf("vcpu %" PRIu64 " %d %s\n", nsec, event->identity.pid,
		       event->detail + strlen("vcpu "));
		break;
	case EVENT_DESTROYED:
		printf("destroyed %" PRIu64 " %d\n", nsec, event->identity.pid);
		break;
	case EVENT_LOST:
		printf("lost %" PRIu64 "\n", nsec);
		break;
	default:
		break;
	}
}

static void tell_events(const struct follow *follow)
{
	const struct snapshot *snapshot = observe_snapshot(follow->observe);
	uint64_t nsec = now_nsec();
	size_t i;

	for (i = 0; i < snapshot->event_count; i++)
		tell_event(&snapshot->events[i], nsec);
}

static int tick(struct follow *follow, struct error *err)
{
	uint64_t before = clock_monotonic_usec(), took;
	int r = observe_tick(follow->observe, err);

	took = clock_monotonic_usec() - before;
	if (took > follow->longest_tick_usec)
		follow->longest_tick_usec = took;
	if (r == 0)
		tell_events(follow);
	return r;
}

static void tell_list(const struct follow *follow)
{
	const struct snapshot *snapshot = observe_snapshot(follow->observe);
	size_t i, k;

	printf("list %zu\n", snapshot->vm_count);
	for (i = 0; i < snapshot->vm_count; i++) {
		const struct vm *vm = snapshot->vms[i];

		printf("vm %d %u", vm->identity.pid, vm->identity.ordinal);
		for (k = 0; k < vm->vcpu_count; k++)
			printf(" %d:%d", vm->threads[k].index, vm->threads[k].tid);
		putchar('\n');
	}
	printf("ticked %" PRId64 " %" PRIu64 "\nend\n", snapshot->host.value[HOST_OWN_TICK],
	       follow->longest_tick_usec);
	fflush(stdout);
}

/* 1: a line was read; 0: none is there; -1: the end. */
static int take_question(void)
{
	struct pollfd waiting = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;
	ssize_t got;

	if (poll(&waiting, 1, 0) <= 0)
		return 0;
	while ((got = read(STDIN_FILENO, &c, 1)) == 1)
		if (c == '\n')
			return 1;
	return -1;
}

static int follow_run(struct follow *follow, struct error *err)
{
	int question = 0, r = tick(follow, err);

	follow->next_tick_usec = clock_monotonic_usec() + USEC_PER_SEC;
	while (r == 0 && question >= 0) {
		uint64_t until = clock_monotonic_usec() + SLICE_USEC;

		if (observe_wait(follow->observe, until) == 1) {
			observe_tick_events(follow->observe);
			tell_events(follow);
		}
		question = take_question();
		if (question == 1 || clock_monotonic_usec() >= follow->next_tick_usec) {
			r = tick(follow, err);
			follow->next_tick_usec = clock_monotonic_usec() + USEC_PER_SEC;
		}
		if (r == 0 && question == 1)
			tell_list(follow);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct observe_options options = {
		.watch = true,
		.with_owner = argc > 1 && strcmp(argv[1], "owner") == 0,
	};
	struct follow follow = { .observe = NULL };
	struct error err = { 0 };
	struct root *root = root_live_new();
	const char *warning;
	int r = -1;

	setpriority(PRIO_PROCESS, 0, WATCHER_NICE);
	follow.observe = root != NULL ? observe_new(root, &options, &err) : NULL;
	if (follow.observe != NULL)
		r = follow_run(&follow, &err);
	if (r < 0)
		fprintf(stderr, "observe_follow: %s\n", err.text);
	while (follow.observe != NULL && (warning = observe_warning(follow.observe)) != NULL)
		fprintf(stderr, "observe_follow: %s\n", warning);
	observe_free(follow.observe);
	root_free(root);
	return r < 0;
}
