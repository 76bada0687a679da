/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For claims: runs each line given as an argument until it has done something, from a static
 * binary that may be the first process of a bare root. Lines that are parted by "&" as an
 * argument of its own run side by side. Prints "LINE: N operations"; fails where one does none,
 * or counts an error.
 */
#include "work/work.h"

#include "base/clock.h"
#include "base/error.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define AT_ONCE_MOST 8
#define MOST_NSEC (30 * NSEC_PER_SEC)
#define RUN_NSEC (300 * NSEC_PER_MSEC)

static bool wait_for(struct work *work, enum work_state wanted)
{
	uint64_t end_nsec = clock_monotonic_nsec() + MOST_NSEC;
	enum work_state state;

	while ((state = work_poll(work)) != wanted && state < WORK_DONE &&
	       clock_monotonic_nsec() < end_nsec)
		poll(NULL, 0, 5);
	return state == wanted;
}

static struct work *begin(const char *line)
{
	struct error err = { 0 };
	struct work *work = NULL;

	if (work_new(line, &work, &err) < 0 || work_prepare(work, &err) < 0) {
		printf("%s: %s\n", line, err.text);
		return NULL;
	}
	if (wait_for(work, WORK_READY))
		return work;
	printf("%s: %s: %s\n", line, work_state_name(work_poll(work)), work_why(work));
	work_free(work);
	return NULL;
}

static bool end(struct work *work, const char *line)
{
	struct work_counts counts;
	bool good;

	work_stop(work);
	if (!wait_for(work, WORK_DONE))
		printf("%s: %s\n", line, work_why(work));
	work_read(work, &counts);
	good = work_poll(work) == WORK_DONE && counts.operations > 0 && counts.errors == 0;
	printf("%s: %llu operations, %llu errors\n", line, (unsigned long long)counts.operations,
	       (unsigned long long)counts.errors);
	work_free(work);
	return good;
}

static bool have_done_something(struct work **works, int count)
{
	struct work_counts counts;
	int i;

	for (i = 0; i < count; i++) {
		work_read(works[i], &counts);
		if (counts.operations == 0 && work_poll(works[i]) == WORK_RUNNING)
			return false;
	}
	return true;
}

/* The first ones listen for the last ones: they begin first and end last. */
static bool run(char **lines, int count)
{
	struct work *works[AT_ONCE_MOST];
	uint64_t begin_nsec;
	bool good = true;
	int i;

	for (i = 0; i < count; i++) {
		works[i] = begin(lines[i]);
		if (works[i] == NULL)
			return false;
		if (work_start(works[i], 0) < 0)
			printf("%s: not started\n", lines[i]);
	}
	begin_nsec = clock_monotonic_nsec();
	while (clock_monotonic_nsec() - begin_nsec < RUN_NSEC ||
	       (!have_done_something(works, count) && clock_monotonic_nsec() - begin_nsec < MOST_NSEC))
		poll(NULL, 0, 5);
	for (i = count - 1; i >= 0; i--)
		good = end(works[i], lines[i]) && good;
	return good;
}

int main(int argc, char **argv)
{
	bool good = argc > 1;
	int at = 1;

	while (at < argc) {
		char *lines[AT_ONCE_MOST];
		int count = 0;

		do
			lines[count++] = argv[at++];
		while (at < argc && strcmp(argv[at], "&") == 0 && ++at < argc && count < AT_ONCE_MOST);
		good = run(lines, count) && good;
		fflush(stdout);
	}
	return good ? 0 : 1;
}
