/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An agent for tests. It says that it works at a steady rate, and does wrong what ODD_AGENT says:
 * a list of words, of which the n-th agent that is started takes the n-th (the last one again and
 * again); how many there were is the size of the file ODD_COUNT.
 */
#include "agent_wire.h"
#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPERATIONS_PER_SEC 100000

static int fd;
static const char *odd = "good";
static struct agent_reader reader;
static unsigned char frame[AGENT_FRAME_MAX];
static uint64_t start_nsec, report_nsec, next_nsec, sequence; /* start 0: nothing runs */

static bool is(const char *word)
{
	return strcmp(odd, word) == 0;
}

static uint64_t now_nsec(void)
{
	uint64_t now = clock_monotonic_nsec() + 1000 * NSEC_PER_SEC;

	return is("liar") && sequence > 2 ? now + 500 * NSEC_PER_SEC : now;
}

static void say(struct agent_message *message)
{
	int size = agent_message_encode(message, frame, sizeof frame);

	if (size < 0 || write(fd, frame, (size_t)size) != size)
		exit(1);
}

static void say_moment(enum agent_kind kind, uint64_t nsec)
{
	struct agent_message message = { .kind = kind, .job = 1, .moment.nsec = nsec };

	say(&message);
}

static void say_progress(enum agent_kind kind)
{
	static struct agent_message message;
	uint64_t now = now_nsec();
	uint64_t ran = start_nsec > 0 && now > start_nsec ? now - start_nsec : 0;

	message = (struct agent_message){ .kind = kind, .job = 1 };
	message.progress.nsec = now;
	message.progress.sequence = sequence++;
	message.progress.operations = is("idle") ? 0 : ran / (NSEC_PER_SEC / OPERATIONS_PER_SEC);
	if (is("backward") && sequence > 2)
		message.progress.operations = 1;
	if (is("boasts") && sequence > 2)
		message.progress.operations = UINT64_C(1) << 61;
	if (kind == AGENT_DONE)
		message.progress.results = (struct agent_text){ "checksum=7\n", 11 };
	say(&message);
}

static void say_hello(void)
{
	struct agent_message hello = { .kind = AGENT_HELLO, .hello = {
		.version = AGENT_WIRE_VERSION, .session = (uint64_t)getpid(), .cpus = 1,
		.memory_bytes = 1 << 28, .nsec = now_nsec(), .kernel = { "odd", 3 },
		.agent = { "odd", 3 } } };

	say(&hello);
}

static void misbehave(void)
{
	static const char bytes[] = "garbage, garbage, garbage, and no frame at all";
	unsigned i;

	if (is("dies"))
		exit(3);
	if (is("hangs"))
		pause();
	if (is("garbage") && write(fd, bytes, sizeof bytes) < 0)
		exit(1);
	for (i = 0; is("babbles") && i < 100; i++)
		say_progress(AGENT_REPORT);
	while (is("floods"))
		say_progress(AGENT_REPORT);
}

static void hear(const struct agent_message *message)
{
	struct agent_message answer = { .kind = AGENT_PONG };

	switch (message->kind) {
	case AGENT_PING:
		answer.pong.cookie = message->ping.cookie;
		answer.pong.nsec = now_nsec();
		say(&answer);
		break;
	case AGENT_PREPARE:
		report_nsec = message->prepare.report_msec * NSEC_PER_MSEC;
		sequence = 0;
		say_moment(AGENT_PREPARED, now_nsec());
		break;
	case AGENT_START:
		start_nsec = message->start.nsec;
		next_nsec = start_nsec;
		break;
	case AGENT_STOP:
		say_progress(AGENT_DONE);
		start_nsec = 0;
		break;
	case AGENT_COUNT:
		answer = (struct agent_message){ .kind = AGENT_COUNTERS };
		answer.counters.nsec = now_nsec();
		answer.counters.present = 1ull << AGENT_COUNTER_cpu_user_nsec;
		say(&answer);
		break;
	default:
		break;
	}
}

static void work(void)
{
	static uint64_t told;

	if (start_nsec == 0 || now_nsec() < next_nsec)
		return;
	if (told != start_nsec)
		say_moment(AGENT_STARTED, start_nsec);
	else
		say_progress(AGENT_REPORT);
	if (told == start_nsec && sequence > 2)
		misbehave();
	told = start_nsec;
	next_nsec += report_nsec;
}

static void read_some(void)
{
	struct agent_message message;
	size_t space;
	unsigned char *to = agent_reader_space(&reader, &space);
	ssize_t size = read(fd, to, space);

	if (size <= 0)
		exit(0);
	agent_reader_filled(&reader, (size_t)size);
	while (agent_reader_next(&reader, &message) == 1)
		hear(&message);
}

/* The n-th word of the list. */
static void choose(void)
{
	char *list = getenv("ODD_AGENT"), *count = getenv("ODD_COUNT");
	struct stat about;
	int file = count != NULL ? open(count, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	off_t before;

	if (list == NULL || file < 0 || fstat(file, &about) < 0 || write(file, "x", 1) != 1)
		return;
	odd = strtok(list, ",");
	for (before = about.st_size; before > 0; before--) {
		const char *word = strtok(NULL, ",");

		odd = word != NULL ? word : odd;
	}
	close(file);
}

int main(int argc, char **argv)
{
	struct pollfd wait = { .events = POLLIN };

	if (argc != 3 || strcmp(argv[1], "--channel") != 0 || strncmp(argv[2], "fd:", 3) != 0)
		return 2;
	fd = wait.fd = atoi(argv[2] + 3);
	choose();
	agent_reader_init(&reader, AGENT_HOST);
	say_hello();
	for (;;) {
		if (poll(&wait, 1, start_nsec > 0 ? 5 : 1000) > 0)
			read_some();
		work();
	}
}
