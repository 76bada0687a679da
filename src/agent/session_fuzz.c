/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that says anything at any time. Workloads, counters and the freezer are made up here, so
 * that nothing runs or freezes: a workload goes on by one state each time that it is looked at.
 * Each input is turns of one byte of what happens beside (1: jobs have news, 2: the host reads),
 * one of a size, and as many bytes of the host. What the agent says must be what an agent says,
 * and a job must never say a thing after its last one. */
#include "agent/session.h"

#include "base/error.h"
#include "work/work.h"
#include "work/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- made up --- */

struct work {
	enum work_state state;
	bool told_to_end;
	uint64_t operations;
};

static unsigned works;

int work_new(const char *line, struct work **ret_work, struct error *err)
{
	if (strlen(line) > AGENT_TEXT_MAX)
		abort();
	if (line[0] == 'x')
		return error_set(err, -EINVAL, "no \n such workload");
	*ret_work = calloc(1, sizeof **ret_work);
	works++;
	return *ret_work != NULL ? 0 : -ENOMEM;
}

void work_free(struct work *work)
{
	works -= work != NULL;
	free(work);
}

const struct workload *work_kind(const struct work *work)
{
	static const struct workload kind = { .name = "made-up", .times = true };

	return &kind;
}

int work_prepare(struct work *work, struct error *err)
{
	work->state = WORK_PREPARING;
	return 0;
}

int work_start(struct work *work, uint64_t at_nsec)
{
	if (work->state != WORK_READY)
		return -EINVAL;
	work->state = WORK_RUNNING;
	return 0;
}

void work_stop(struct work *work)
{
	work->told_to_end = true;
}

int work_fd(const struct work *work)
{
	return -1;
}

enum work_state work_poll(struct work *work)
{
	if (work->state == WORK_PREPARING)
		work->state = work->told_to_end ? WORK_FAILED : WORK_READY;
	else if (work->told_to_end)
		work->state = WORK_DONE;
	return work->state;
}

const char *work_state_name(enum work_state state)
{
	return "so";
}

const char *work_why(const struct work *work)
{
	return "it was \x1b[2J told to end";
}

pid_t work_pid(const struct work *work)
{
	return 0;
}

uint64_t work_began_nsec(const struct work *work)
{
	return work->state == WORK_RUNNING || work->state == WORK_DONE ? 1 : 0;
}

uint64_t work_ended_nsec(const struct work *work)
{
	return work->state == WORK_DONE ? 2 : 0;
}

void work_read(const struct work *work, struct work_counts *ret_counts)
{
	*ret_counts = (struct work_counts){ .operations = 1 };
}

void work_read_latency(const struct work *work, struct histogram *ret_latency)
{
	*ret_latency = (struct histogram){ .counts = { [7] = 1, [592] = UINT64_MAX } };
}

const struct work_result *work_results(const struct work *work, size_t *ret_count)
{
	static const struct work_result results[] = { { "speed", 1e300 }, { "nothing", 0 } };

	*ret_count = 2;
	return results;
}

void counters_init(struct counters *counters)
{
}

void counters_done(struct counters *counters)
{
}

void counters_read(struct counters *counters, struct agent_message *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->kind = AGENT_COUNTERS;
	ret->counters.present = (1ull << AGENT_COUNTER_COUNT) - 1;
}

void freezer_init(struct freezer *freezer)
{
	*freezer = (struct freezer){ .fd = -1, .pidfd = -1 };
}

int freezer_begin(struct freezer *freezer, const char *path, uint64_t until_nsec,
		  struct error *err)
{
	if (freezer->fd >= 0)
		return error_set(err, -EBUSY, "%s is frozen already", path);
	*freezer = (struct freezer){ .fd = 0, .child = 1, .pidfd = -1, .until_nsec = until_nsec };
	return 0;
}

int freezer_poll(struct freezer *freezer, struct error *err)
{
	bool frozen = freezer->fd >= 0 && freezer->child > 0;

	freezer->child = 0;
	return frozen;
}

bool freezer_end(struct freezer *freezer)
{
	bool frozen = freezer->fd >= 0 && freezer->child == 0;

	freezer_init(freezer);
	return frozen;
}

/* --- what is looked at --- */

static struct session session;
static struct agent_reader reader;
static struct agent_message heard;
static bool lives[AGENT_JOB_MAX + 1];

static void check_heard(void)
{
	switch (heard.kind) {
	case AGENT_PREPARED:
		lives[heard.job] = true;
		break;
	case AGENT_STARTED:
	case AGENT_REPORT:
		if (!lives[heard.job])
			abort();
		break;
	case AGENT_DONE:
		if (!lives[heard.job])
			abort();
		lives[heard.job] = false;
		break;
	case AGENT_FAILURE:
		lives[heard.job] = false;
		break;
	case AGENT_HELLO:
		/* What was said to the host before is no more. */
		memset(lives, 0, sizeof lives);
		break;
	default:
		break;
	}
}

static void host_reads(int fd)
{
	for (;;) {
		size_t space;
		unsigned char *to = agent_reader_space(&reader, &space);
		ssize_t size = recv(fd, to, space, MSG_DONTWAIT);
		int found;

		if (size <= 0)
			return;
		agent_reader_filled(&reader, (size_t)size);
		while ((found = agent_reader_next(&reader, &heard)) > 0)
			check_heard();
		if (found < 0)
			abort();
	}
}

static void session_live(const uint8_t *data, size_t size, int host_fd)
{
	size_t at = 0;

	while (at + 2 <= size && !session.power_off) {
		struct pollfd watches[SESSION_WATCHES] = { 0 };
		size_t some = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;
		unsigned i;

		if (send(host_fd, data + at + 2, some, MSG_DONTWAIT) < 0 && errno != EAGAIN)
			abort();
		watches[0].revents = POLLIN;
		for (i = 1; i <= AGENT_JOB_MAX; i++)
			watches[i].revents = data[at] & 1 ? POLLIN : 0;
		if (session_turn(&session, watches) < 0)
			abort();
		if (outbox_waiting(&session.outbox) > session.outbox.size || works > AGENT_JOB_MAX)
			abort();
		if (data[at] & 2)
			host_reads(host_fd);
		at += 2 + some;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct session_options options = { .may_power_off = true };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0 ||
	    session_init(&session, &options, NULL) < 0)
		abort();
	session_attach(&session, fds[0]);
	agent_reader_init(&reader, AGENT_GUEST);
	memset(lives, 0, sizeof lives);
	session_live(data, size, fds[1]);
	host_reads(fds[1]);
	session_done(&session);
	close(fds[1]);
	if (works != 0)
		abort();
	return 0;
}
