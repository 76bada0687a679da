/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_member.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One workload at a time: its number on the wire is always the same. */
enum { THE_JOB = 1 };

/* A machine that dies closes its channel first, and is told to have ended a moment later. */
enum { LAST_WORDS_MSEC = 2000 };

static void fail(struct lab_member *member, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first sentence stays: what comes after it follows from it. */
static void fail(struct lab_member *member, const char *format, ...)
{
	va_list arguments;

	if (member->state == MEMBER_FAILED)
		return;
	member->state = MEMBER_FAILED;
	member->code = -EIO;
	va_start(arguments, format);
	vsnprintf(member->why, sizeof member->why, format, arguments);
	va_end(arguments);
}

/* -- start and end ------------------------------------------------------------------------------- */

static int begin(struct lab_member *member, int fd, struct error *err)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return link_new(fd, member->name, &member->link, err);
}

int member_start_guest(struct lab_member *member, const struct guest_plan *plan, struct error *err)
{
	int r;

	member->state = MEMBER_BOOTING;
	member->began_usec = clock_monotonic_usec();
	r = guest_new(plan, &member->guest, err);
	return r == 0 ? begin(member, guest_take_channel(member->guest), err) : r;
}

/* Its end of the pair keeps its number in the agent. */
static int start_child(struct lab_member *member, const char *agent, int network_fd, int end,
		       struct error *err)
{
	char channel[16];
	const char *arguments[] = { agent, "--channel", channel, NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1,
				   .kept_fds = &end, .kept_count = 1, .network_fd = network_fd };

	snprintf(channel, sizeof channel, "fd:%d", end);
	return child_start(&member->child, &plan, err);
}

int member_start_process(struct lab_member *member, const char *agent, int network_fd,
			 struct error *err)
{
	CLEANUP_FREE char *own = NULL;
	int pair[2], r = 0;

	member->state = MEMBER_BOOTING;
	member->began_usec = clock_monotonic_usec();
	if (agent == NULL)
		r = host_helper("truce-agent", "agent/truce-agent", &own, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, -errno, "%s: a socket pair", member->name);
	r = start_child(member, agent != NULL ? agent : own, network_fd, pair[1], err);
	close(pair[1]);
	if (r == 0)
		return begin(member, pair[0], err);
	close(pair[0]);
	return r;
}

void member_end(struct lab_member *member)
{
	link_free(member->link);
	guest_free(member->guest);
	if (member->child.pid > 0)
		child_done(&member->child);
	member->link = NULL;
	member->guest = NULL;
	child_init(&member->child);
}

pid_t member_pid(const struct lab_member *member)
{
	return member->guest != NULL ? guest_pid(member->guest) : member->child.pid;
}

/* -- what happens ---------------------------------------------------------------------------------- */

static void settle(struct lab_member *member)
{
	if (member->state == MEMBER_FAILED || member->settled || !link_is_ready(member->link))
		return;
	if (member->guest != NULL && !guest_is_settled(member->guest))
		return;
	member->settled = true;
	member->state = MEMBER_IDLE;
	member->ready_usec = clock_monotonic_usec() - member->began_usec;
}

static void take_event(struct lab_member *member, const struct link_event *event)
{
	switch (event->kind) {
	case LINK_PREPARED:
		if (member->state == MEMBER_PREPARING)
			member->state = MEMBER_PREPARED;
		break;
	case LINK_DONE:
		member->heard(member->user, member, event);
		if (member->state != MEMBER_FAILED)
			member->state = MEMBER_IDLE;
		break;
	case LINK_STARTED:
	case LINK_REPORT:
	case LINK_COUNTERS:
		member->heard(member->user, member, event);
		break;
	case LINK_FAILURE:
		/* About no job: a module that was not there, say. What needs it will fail itself. */
		if (event->job != 0)
			fail(member, "%s: %s", member->name, event->text);
		break;
	case LINK_DOUBT:
	case LINK_LOST:
		fail(member, "%s", event->text);
		break;
	default:
		break;
	}
}

static void turn_machine(struct lab_member *member)
{
	struct error err = { 0 };
	int status;

	if (member->guest != NULL) {
		if (guest_turn(member->guest, &err) >= 0)
			return;
		fail(member, "%s", err.text);
		if (err.code == -ENXIO || err.code == -ENOSPC)
			member->code = err.code;
	} else if (child_ended(&member->child, &status)) {
		fail(member, "%s: its agent ended", member->name);
	}
}

void member_fill_poll(const struct lab_member *member, struct pollfd polls[static MEMBER_POLLS])
{
	bool failed = member->state == MEMBER_FAILED;

	polls[0] = (struct pollfd){ failed ? -1 : link_fd(member->link), link_wants(member->link), 0 };
	polls[1] = (struct pollfd){ failed ? -1 : member->guest != NULL ? guest_fd(member->guest) :
								    member->child.pidfd,
				    POLLIN, 0 };
}

uint64_t member_deadline(const struct lab_member *member)
{
	return member->state == MEMBER_FAILED ? UINT64_MAX : link_deadline(member->link);
}

/* What its console and monitor say comes before its end. */
static void await_end(struct lab_member *member, int machine_fd)
{
	struct pollfd machine = { machine_fd, POLLIN, 0 };
	uint64_t until = clock_monotonic_nsec() + LAST_WORDS_MSEC * NSEC_PER_MSEC, now;

	while (member->state != MEMBER_FAILED && (now = clock_monotonic_nsec()) < until)
		if (poll(&machine, 1, (int)((until - now) / NSEC_PER_MSEC) + 1) > 0)
			turn_machine(member);
}

void member_turn(struct lab_member *member, const struct pollfd polls[static MEMBER_POLLS])
{
	struct link_event event;

	if (member->state == MEMBER_FAILED)
		return;
	link_turn(member->link, polls[0].revents);
	/* Why a machine ended says more than that its channel is closed. */
	if (polls[1].revents != 0)
		turn_machine(member);
	while (member->state != MEMBER_FAILED && link_next(member->link, &event)) {
		if (event.kind == LINK_LOST)
			await_end(member, polls[1].fd);
		take_event(member, &event);
	}
	settle(member);
}

/* -- what it is told --------------------------------------------------------------------------------- */

static int told(struct lab_member *member, int r, enum member_state next, struct error *err)
{
	if (r < 0)
		return error_errno(err, r, "%s: its agent cannot be told", member->name);
	member->state = next;
	return 0;
}

int member_prepare(struct lab_member *member, const char *workload, uint32_t report_msec,
		   struct error *err)
{
	return told(member, link_prepare(member->link, THE_JOB, workload, report_msec),
		    MEMBER_PREPARING, err);
}

int member_begin(struct lab_member *member, uint64_t at_nsec, struct error *err)
{
	return told(member, link_start(member->link, THE_JOB, at_nsec), MEMBER_RUNNING, err);
}

int member_stop(struct lab_member *member, struct error *err)
{
	return told(member, link_stop(member->link, THE_JOB), MEMBER_STOPPING, err);
}

int member_pin(struct lab_member *member, const unsigned *cpus, size_t count, bool alone,
	       struct error *err)
{
	cpu_set_t set;
	size_t i;

	if (member->guest != NULL)
		return guest_pin(member->guest, cpus, count, alone, err);
	CPU_ZERO(&set);
	for (i = 0; i < count; i++)
		CPU_SET(cpus[i], &set);
	/* The workload's process is the agent's child, and inherits it. */
	if (sched_setaffinity(member->child.pid, sizeof set, &set) < 0)
		return error_errno(err, -errno, "%s: its CPUs", member->name);
	return 0;
}
