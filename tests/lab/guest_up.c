/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One guest, for claims: says what it is once its agent answers, then obeys stdin until it ends.
 *
 *     guest_up [NAME=VALUE ...]
 *
 *     kernel=FILE modules=DIR image=FILE initrd=FILE domain=NAME words=TEXT name=NAME
 *     cpus=N memory=MIB pin=CPU,CPU  disk=MIB  format=raw|qcow2  cache=host|direct  place=DIR
 *     speed=BYTES (a second)  balloon=1  monitor=1  limit=SECONDS (to be ready; 120)
 *     initramfs=FILE     writes what the built-in guest boots into there, says the kernel that
 *                        goes with it and where its modules are, and ends
 *
 * Lines of stdin: "work TEXT" runs a workload until it is done, "pin CPU,CPU", "off". Its end is
 * the guest's. Exit code 0: as it was wanted; 1: a sentence on stderr says what happened.
 */
#include "base/clock.h"
#include "base/error.h"
#include "lab/guest/guest.h"
#include "lab/guest/guest_boot.h"
#include "lab/guest/guest_kernel.h"
#include "lab/host/scratch.h"
#include "lab/link/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1ull << 20)
#define CPUS_MOST 64

struct wanted {
	const char *kernel, *modules, *initramfs;
	uint64_t limit_usec;
	unsigned pin[CPUS_MOST];
	struct guest_disk disk;
	struct guest_plan plan;
};

struct up {
	struct guest *guest;
	struct link *link;
	bool asked_off;
	bool said_ready;
};

static struct scratch *scratch;
static struct up up;

static void everything_end(void)
{
	guest_free(up.guest);
	link_free(up.link);
	scratch_free(scratch);
}

static void die(const char *sentence)
{
	fprintf(stderr, "%s\n", sentence);
	everything_end();
	exit(1);
}

static size_t cpus_parse(const char *text, unsigned *cpus)
{
	size_t count = 0;

	while (*text != '\0' && count < CPUS_MOST) {
		char *end;

		cpus[count++] = (unsigned)strtoul(text, &end, 10);
		text = *end == ',' ? end + 1 : "";
	}
	return count;
}

static void take_number(struct wanted *wanted, const char *name, unsigned long long number)
{
	if (strcmp(name, "cpus") == 0)
		wanted->plan.cpus = (unsigned)number;
	else if (strcmp(name, "memory") == 0)
		wanted->plan.memory_bytes = number * MIB;
	else if (strcmp(name, "disk") == 0)
		wanted->disk.bytes = number * MIB;
	else if (strcmp(name, "speed") == 0)
		wanted->disk.bytes_per_sec = number;
	else if (strcmp(name, "limit") == 0)
		wanted->limit_usec = number * USEC_PER_SEC;
	else if (strcmp(name, "balloon") == 0)
		wanted->plan.balloon = number != 0;
	else if (strcmp(name, "monitor") == 0)
		wanted->plan.monitor = number != 0;
	else
		die(name);
}

static void take(struct wanted *wanted, const char *name, const char *value)
{
	const struct {
		const char *name, **to;
	} texts[] = {
		{ "kernel", &wanted->kernel },	     { "modules", &wanted->modules },
		{ "initramfs", &wanted->initramfs }, { "image", &wanted->plan.image },
		{ "initrd", &wanted->plan.initrd },  { "domain", &wanted->plan.domain },
		{ "words", &wanted->plan.words },    { "name", &wanted->plan.name },
		{ "place", &wanted->disk.directory },
	};
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(texts[i].name, name) == 0) {
			*texts[i].to = value;
			return;
		}
	if (strcmp(name, "format") == 0) {
		wanted->disk.format = strcmp(value, "qcow2") == 0 ? GUEST_DISK_QCOW2 :
								    GUEST_DISK_RAW;
	} else if (strcmp(name, "cache") == 0) {
		wanted->disk.cache = strcmp(value, "direct") == 0 ? GUEST_CACHE_DIRECT :
								    GUEST_CACHE_HOST;
	} else if (strcmp(name, "pin") == 0) {
		wanted->plan.pin = wanted->pin;
		wanted->plan.pin_count = cpus_parse(value, wanted->pin);
	} else {
		take_number(wanted, name, strtoull(value, NULL, 10));
	}
}

static void wanted_parse(struct wanted *wanted, int argc, char **argv)
{
	int i;

	*wanted = (struct wanted){ .limit_usec = 120 * USEC_PER_SEC,
				   .plan = { .name = "guest-up", .cpus = 1,
					     .memory_bytes = 256 * MIB } };
	for (i = 1; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (equals == NULL)
			die(argv[i]);
		*equals = '\0';
		take(wanted, argv[i], equals + 1);
	}
	wanted->plan.accelerator = accelerator_choose(NULL);
	wanted->plan.disks = &wanted->disk;
	wanted->plan.disk_count = wanted->disk.bytes > 0 ? 1 : 0;
}

static void initramfs_write(const struct wanted *wanted)
{
	struct error err = { 0 };
	struct stat status;
	int from = -1, to = open(wanted->initramfs, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (to < 0 || guest_boot_image(&wanted->plan, &from, &err) < 0 ||
	    fstat(from, &status) != 0)
		die(err.text);
	lseek(from, 0, SEEK_SET);
	if (sendfile(to, from, NULL, (size_t)status.st_size) != status.st_size)
		die("the initramfs cannot be written");
	close(to);
	close(from);
}

static void ready_say(void)
{
	const struct link_guest *told = link_guest(up.link);

	if (up.said_ready || !link_is_ready(up.link) || !guest_is_settled(up.guest))
		return;
	printf("ready after %llu ms: %s, kernel %s, %u CPUs, %llu MiB, pid %d\n",
	       (unsigned long long)(clock_monotonic_usec() - guest_started_usec(up.guest)) / 1000,
	       guest_platform_text(guest_accelerator(up.guest)),
	       told->kernel, told->cpus, (unsigned long long)(told->memory_bytes / MIB),
	       (int)guest_pid(up.guest));
	up.said_ready = true;
}

static void event_take(const struct link_event *event)
{
	switch (event->kind) {
	case LINK_PREPARED:
		link_start(up.link, event->job, 0);
		break;
	case LINK_DONE:
		printf("done %llu operations, %llu bytes, %llu errors\n",
		       (unsigned long long)event->progress->operations,
		       (unsigned long long)event->progress->bytes,
		       (unsigned long long)event->progress->errors);
		break;
	case LINK_FAILURE:
		printf("failure: %s\n", event->text);
		break;
	case LINK_LOST:
		/* The guest's own end says more. */
		break;
	default:
		break;
	}
}

static void obey(char *line)
{
	unsigned cpus[CPUS_MOST];
	struct error err = { 0 };

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "work ", 5) == 0) {
		if (link_prepare(up.link, 1, line + 5, 0) < 0)
			die("no workload can be prepared");
	} else if (strcmp(line, "stop") == 0) {
		link_stop(up.link, 1);
	} else if (strncmp(line, "pin ", 4) == 0) {
		if (guest_pin(up.guest, cpus, cpus_parse(line + 4, cpus), true, &err) < 0)
			die(err.text);
		printf("pinned\n");
	} else if (strcmp(line, "off") == 0) {
		up.asked_off = true;
		link_power_off(up.link);
	}
}

static bool stdin_turn(void)
{
	static char bytes[4096];
	ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes - 1);
	char *line, *rest;

	if (size <= 0)
		return false;
	bytes[size] = '\0';
	for (line = strtok_r(bytes, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		obey(line);
	return true;
}

static void run(uint64_t limit_usec)
{
	uint64_t end = clock_monotonic_usec() + limit_usec;
	struct link_event event;
	struct error err = { 0 };
	bool open = true;
	int code = 0;

	while (open && code == 0) {
		struct pollfd watched[] = {
			{ guest_fd(up.guest), POLLIN, 0 },
			{ link_fd(up.link), link_wants(up.link), 0 },
			{ up.said_ready ? STDIN_FILENO : -1, POLLIN, 0 },
		};

		poll(watched, 3, 20);
		link_turn(up.link, watched[1].revents);
		while (link_next(up.link, &event))
			event_take(&event);
		ready_say();
		if (watched[2].revents != 0)
			open = stdin_turn();
		code = guest_turn(up.guest, &err);
		if (!up.said_ready && clock_monotonic_usec() > end)
			die("its agent does not answer");
		fflush(stdout);
	}
	if (code < 0 && !(code == -ESHUTDOWN && up.asked_off))
		die(err.text);
}

int main(int argc, char **argv)
{
	struct guest_kernel kernel = { 0 };
	struct wanted wanted;
	struct error err = { 0 };

	wanted_parse(&wanted, argc, argv);
	if (wanted.plan.domain == NULL && (wanted.plan.image == NULL || wanted.kernel != NULL)) {
		if (guest_kernel_find(wanted.kernel, wanted.modules, false, -1, &kernel, &err) < 0)
			die(err.text);
		wanted.plan.kernel = &kernel;
	}
	if (scratch_new(NULL, &scratch, &err) < 0)
		die(err.text);
	wanted.plan.scratch = scratch;
	if (wanted.initramfs != NULL) {
		initramfs_write(&wanted);
		printf("%s %s\n", kernel.image, kernel.modules);
	} else {
		if (guest_new(&wanted.plan, &up.guest, &err) < 0 ||
		    link_new(guest_take_channel(up.guest), wanted.plan.name, &up.link, &err) < 0)
			die(err.text);
		run(wanted.limit_usec);
	}
	everything_end();
	guest_kernel_done(&kernel);
	return 0;
}
