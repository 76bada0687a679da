/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long built-in guests take from power-on to an agent that answers.
 *
 *     guest_boot GUESTS ROUNDS [VCPUS [MEMORY_MIB [DISK_MIB]]]
 *
 * Prints for each round the milliseconds until all of them were ready and the CPU time of their
 * QEMUs until then. BEFORE_OTHERS in the environment: each guest's session goes before all others,
 * which needs root.
 */
#include "base/clock.h"
#include "base/error.h"
#include "lab/guest/guest.h"
#include "lab/guest/guest_kernel.h"
#include "lab/host/scratch.h"
#include "lab/link/link.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GUESTS_MOST 16
#define LIMIT_USEC (120 * USEC_PER_SEC)

struct member {
	char name[16];
	struct guest *guest;
	struct link *link;
};

static void die(const char *sentence)
{
	fprintf(stderr, "guest_boot: %s\n", sentence);
	exit(1);
}

static bool before_others(void)
{
	const char *asked = getenv("BEFORE_OTHERS");

	return asked != NULL && *asked != '\0';
}

static void put_before_others(pid_t pid)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/autogroup", (int)pid);
	file = fopen(path, "we");
	if (file == NULL || fputs("-20", file) < 0 || fclose(file) != 0)
		die("its session cannot go before others: needs root and autogroups");
}

static void member_start(struct member *member, const struct guest_plan *plan)
{
	struct error err = { 0 };

	if (guest_new(plan, &member->guest, &err) < 0 ||
	    link_new(guest_take_channel(member->guest), plan->name, &member->link, &err) < 0)
		die(err.text);
	if (before_others())
		put_before_others(guest_pid(member->guest));
}

static void member_turn(struct member *member, short happened)
{
	struct link_event event;
	struct error err = { 0 };

	if (guest_turn(member->guest, &err) < 0)
		die(err.text);
	link_turn(member->link, happened);
	while (link_next(member->link, &event))
		if (event.kind == LINK_LOST || event.kind == LINK_FAILURE)
			die(event.text);
}

static size_t ready_count(const struct member *members, size_t count)
{
	size_t ready = 0, i;

	for (i = 0; i < count; i++)
		ready += link_is_ready(members[i].link) ? 1 : 0;
	return ready;
}

/* Deadlines are met by looking every ten milliseconds. */
static void all_await(struct member *members, size_t count)
{
	uint64_t end = clock_monotonic_usec() + LIMIT_USEC;
	struct pollfd watched[2 * GUESTS_MOST];
	size_t i;

	while (ready_count(members, count) < count) {
		for (i = 0; i < count; i++) {
			watched[2 * i] = (struct pollfd){ guest_fd(members[i].guest), POLLIN, 0 };
			watched[2 * i + 1] = (struct pollfd){ link_fd(members[i].link),
							      link_wants(members[i].link), 0 };
		}
		poll(watched, 2 * count, 10);
		for (i = 0; i < count; i++)
			member_turn(&members[i], watched[2 * i + 1].revents);
		if (clock_monotonic_usec() > end)
			die("no agent answered within two minutes");
	}
}

static double cpu_msec(pid_t pid)
{
	long long nsec = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file != NULL) {
		unsigned long user = 0, system = 0;

		/* Our guests' names have no blanks. */
		if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			   &user, &system) == 2)
			nsec = (long long)(user + system) * (1000000000ll / sysconf(_SC_CLK_TCK));
		fclose(file);
	}
	return (double)nsec / 1e6;
}

static void round_run(struct guest_plan *plan, size_t count)
{
	struct member members[GUESTS_MOST] = { 0 };
	uint64_t begun = clock_monotonic_usec();
	double cpu = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(members[i].name, sizeof members[i].name, "boot-%zu", i);
		plan->name = members[i].name;
		member_start(&members[i], plan);
	}
	all_await(members, count);
	begun = clock_monotonic_usec() - begun;
	for (i = 0; i < count; i++)
		cpu += cpu_msec(guest_pid(members[i].guest));
	printf("%llu %.0f\n", (unsigned long long)begun / 1000, cpu);
	fflush(stdout);
	for (i = 0; i < count; i++) {
		guest_free(members[i].guest);
		link_free(members[i].link);
	}
}

static unsigned long argument(int argc, char **argv, int number, unsigned long otherwise)
{
	return argc > number ? strtoul(argv[number], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	unsigned long count = argument(argc, argv, 1, 1), rounds = argument(argc, argv, 2, 1);
	struct guest_disk disk = { .bytes = (uint64_t)argument(argc, argv, 5, 0) << 20 };
	struct guest_plan plan = { .cpus = (unsigned)argument(argc, argv, 3, 1),
				   .memory_bytes = (uint64_t)argument(argc, argv, 4, 256) << 20,
				   .accelerator = accelerator_choose(NULL), .disks = &disk,
				   .disk_count = disk.bytes > 0 ? 1 : 0 };
	struct guest_kernel kernel;
	struct scratch *scratch;
	struct error err = { 0 };

	if (count < 1 || count > GUESTS_MOST)
		die("1 to 16 guests");
	if (guest_kernel_find(NULL, NULL, false, -1, &kernel, &err) < 0 ||
	    scratch_new(NULL, &scratch, &err) < 0)
		die(err.text);
	plan.kernel = &kernel;
	plan.scratch = scratch;
	printf("# %lu guests, %s, kernel %s (%s)\n", count, accelerator_name(plan.accelerator),
	       kernel.release, kernel.from);
	while (rounds-- > 0)
		round_run(&plan, count);
	scratch_free(scratch);
	guest_kernel_done(&kernel);
	return 0;
}
