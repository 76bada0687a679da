/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/guest/guest_kernel.h"
#include "lab/guest/guest_storage.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#define LIMIT_USEC (60 * USEC_PER_SEC)
#define MIB (1ull << 20)

static struct guest_kernel kernel;
static struct scratch *scratch;
static bool quick_skip;

static int everything_make(void **state)
{
	struct error err = { 0 };

	if (guest_kernel_find(NULL, NULL, false, -1, &kernel, &err) < 0) {
		print_message("%s\n", err.text);
		quick_skip = true;
		return 0;
	}
	return scratch_new(NULL, &scratch, &err) < 0 ? -1 : 0;
}

static int everything_remove(void **state)
{
	guest_kernel_done(&kernel);
	scratch_free(scratch);
	return 0;
}

static struct guest_plan plan_of(const char *name)
{
	return (struct guest_plan){
		.name = name,
		.cpus = 1,
		.memory_bytes = 128 * MIB,
		.kernel = &kernel,
		.agent = getenv("GUEST_TEST_INIT"),
		.scratch = scratch,
	};
}

static struct guest *guest_make(const struct guest_plan *plan)
{
	struct error err = { 0 };
	struct guest *guest;

	if (guest_new(plan, &guest, &err) < 0)
		fail_msg("%s", err.text);
	return guest;
}

/* A line of the guest's first process, within the limit; the guest must live. */
static void line_read(struct guest *guest, int channel, char *line, size_t size)
{
	uint64_t end = clock_monotonic_usec() + LIMIT_USEC;
	size_t filled = 0;

	while (filled + 1 < size) {
		struct pollfd watched[] = { { channel, POLLIN, 0 }, { guest_fd(guest), POLLIN, 0 } };
		struct error err = { 0 };

		if (clock_monotonic_usec() > end)
			fail_msg("the guest says nothing; on its console: %s",
				 guest_last_words(guest));
		poll(watched, 2, 1000);
		if (guest_turn(guest, &err) < 0)
			fail_msg("%s", err.text);
		if (read(channel, line + filled, 1) != 1)
			continue;
		if (line[filled] == '\n')
			break;
		filled++;
	}
	line[filled] = '\0';
}

static int guest_await_up(struct guest *guest)
{
	int channel = guest_take_channel(guest);
	char line[16];

	assert_true(channel >= 0);
	line_read(guest, channel, line, sizeof line);
	assert_string_equal(line, "up");
	return channel;
}

static void ask(struct guest *guest, int channel, const char *question, char *answer, size_t size)
{
	assert_int_equal(write(channel, question, strlen(question)), strlen(question));
	line_read(guest, channel, answer, size);
}

/* What guest_turn says once it is no longer 0. */
static int guest_await_end(struct guest *guest, struct error *err)
{
	uint64_t end = clock_monotonic_usec() + LIMIT_USEC;
	struct pollfd watched = { guest_fd(guest), POLLIN, 0 };
	int code;

	while ((code = guest_turn(guest, err)) == 0 && clock_monotonic_usec() < end)
		poll(&watched, 1, 1000);
	return code;
}

static void a_built_in_guest_comes_up_with_what_the_plan_says(void **state)
{
	struct guest_disk disks[] = { { .bytes = 64 * MIB },
				      { .bytes = 32 * MIB, .blank = true } };
	struct guest_plan plan = plan_of("up");
	struct guest *guest;
	char answer[2200];
	uint64_t begun;
	int channel;

	if (quick_skip)
		skip();
	plan.cpus = 2;
	plan.disks = disks;
	plan.disk_count = ARRAY_SIZE(disks);
	plan.words = "truce.word=here";
	begun = clock_monotonic_usec();
	guest = guest_make(&plan);
	channel = guest_await_up(guest);
	print_message("up after %llu ms, QEMU started after %llu ms\n",
		      (unsigned long long)(clock_monotonic_usec() - begun) / 1000,
		      (unsigned long long)(guest_started_usec(guest) - begun) / 1000);
	ask(guest, channel, "cpus\n", answer, sizeof answer);
	assert_string_equal(answer, "2");
	ask(guest, channel, "disk 0\n", answer, sizeof answer);
	assert_string_equal(answer, "67108864");
	ask(guest, channel, "type 0\n", answer, sizeof answer);
	assert_string_equal(answer, "ext4");
	ask(guest, channel, "type 1\n", answer, sizeof answer);
	assert_string_equal(answer, "none");
	ask(guest, channel, "words\n", answer, sizeof answer);
	assert_non_null(strstr(answer, "truce.word=here"));
	assert_non_null(strstr(answer, "truce.disks=2"));
	assert_true(guest_is_settled(guest));
	close(channel);
	guest_free(guest);
}

static void a_guest_that_switches_itself_off_is_no_failure(void **state)
{
	struct guest_plan plan = plan_of("off");
	struct error err = { 0 };
	struct guest *guest;
	int channel;

	if (quick_skip)
		skip();
	guest = guest_make(&plan);
	channel = guest_await_up(guest);
	assert_int_equal(write(channel, "die\n", 4), 4);
	assert_int_equal(guest_await_end(guest, &err), -ESHUTDOWN);
	assert_int_equal(guest_turn(guest, &err), -ESHUTDOWN);
	close(channel);
	guest_free(guest);
}

static void a_panic_is_told_with_the_kernels_own_words(void **state)
{
	struct guest_plan plan = plan_of("panics");
	struct error err = { 0 };
	struct guest *guest;
	int channel;

	if (quick_skip)
		skip();
	guest = guest_make(&plan);
	channel = guest_await_up(guest);
	assert_int_equal(write(channel, "panic\n", 6), 6);
	assert_int_equal(guest_await_end(guest, &err), -EIO);
	assert_non_null(strstr(err.text, "panics"));
	assert_non_null(strstr(err.text, "Kernel panic - not syncing: Attempted to kill init!"));
	close(channel);
	guest_free(guest);
}

static void a_qemu_that_cannot_start_is_told_with_its_last_words(void **state)
{
	struct guest_kernel broken = kernel;
	struct guest_plan plan = plan_of("broken");
	struct error err = { 0 };
	struct guest *guest;
	uint64_t begun = clock_monotonic_usec();

	if (quick_skip)
		skip();
	broken.image = (char *)"/proc/self/status";
	plan.kernel = &broken;
	guest = guest_make(&plan);
	assert_int_equal(guest_await_end(guest, &err), -EIO);
	assert_true(clock_monotonic_usec() - begun < LIMIT_USEC / 2);
	print_message("%s\n", err.text);
	assert_non_null(strstr(err.text, "broken died (exit code 1): qemu"));
	assert_int_equal(guest_pid(guest), 0);
	guest_free(guest);
}

static void a_qemu_that_is_killed_is_told_at_once(void **state)
{
	struct guest_plan plan = plan_of("killed");
	struct error err = { 0 };
	struct guest *guest;
	uint64_t begun;
	int channel;

	if (quick_skip)
		skip();
	guest = guest_make(&plan);
	channel = guest_await_up(guest);
	kill(guest_pid(guest), SIGKILL);
	begun = clock_monotonic_usec();
	assert_int_equal(guest_await_end(guest, &err), -EIO);
	assert_true(clock_monotonic_usec() - begun < 5 * USEC_PER_SEC);
	assert_non_null(strstr(err.text, "killed was killed by Killed"));
	close(channel);
	guest_free(guest);
}

static cpu_set_t threads_cpus(pid_t tid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	assert_int_equal(sched_getaffinity(tid, sizeof set, &set), 0);
	return set;
}

/* Every thread of the guest's process, by what it is called. */
static void threads_check(pid_t pid, const char *called, unsigned cpu, int cpus)
{
	char path[64], name[32];
	DIR *dir;
	struct dirent *entry;
	unsigned seen = 0;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		cpu_set_t set;
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/task/%.10s/comm", (int)pid, entry->d_name);
		file = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
		if (file == NULL)
			continue;
		name[0] = '\0';
		assert_non_null(fgets(name, sizeof name, file));
		fclose(file);
		if (strncmp(name, called, strlen(called)) != 0)
			continue;
		seen++;
		set = threads_cpus(atoi(entry->d_name));
		assert_int_equal(CPU_COUNT(&set), cpus);
		assert_true(CPU_ISSET(cpu, &set));
	}
	closedir(dir);
	assert_true(seen > 0);
}

static void a_pinned_guest_has_its_threads_where_they_were_put(void **state)
{
	struct guest_plan plan = plan_of("pinned");
	struct host_room room;
	struct guest *guest;
	unsigned first, last;
	int channel;

	if (quick_skip)
		skip();
	assert_int_equal(host_room_read(&room, NULL), 0);
	first = room.cpus[0];
	last = room.cpus[room.cpu_count - 1];
	plan.pin = &last;
	plan.pin_count = 1;
	plan.cpus = 2;
	guest = guest_make(&plan);
	channel = guest_await_up(guest);
	assert_true(guest_is_settled(guest));
	threads_check(guest_pid(guest), "", last, 1);
	/* Moved while it runs: a vCPU each where there are enough CPUs. */
	assert_int_equal(guest_pin(guest, room.cpus, 1, true, NULL), 0);
	threads_check(guest_pid(guest), "", first, 1);
	if (room.cpu_count >= 2) {
		assert_int_equal(guest_pin(guest, room.cpus, 2, true, NULL), 0);
		threads_check(guest_pid(guest), "CPU 0/", room.cpus[0], 1);
		threads_check(guest_pid(guest), "CPU 1/", room.cpus[1], 1);
		/* Wherever the host puts them: no vCPU is held on one of as many. */
		assert_int_equal(guest_pin(guest, room.cpus, 2, false, NULL), 0);
		threads_check(guest_pid(guest), "CPU 0/", room.cpus[1], 2);
		threads_check(guest_pid(guest), "CPU 1/", room.cpus[0], 2);
	}
	host_room_done(&room);
	close(channel);
	guest_free(guest);
}

/* How fast the guest writes to its disk, past every page cache but ours: bytes a second. */
static double speed_of(struct guest *guest, int channel, int disk, uint64_t bytes)
{
	char question[64], answer[64];
	double usec;

	/* A throttled device lets a tenth of a second's worth through at first. */
	snprintf(question, sizeof question, "write %d %llu\n", disk, 2 * MIB);
	ask(guest, channel, question, answer, sizeof answer);
	snprintf(question, sizeof question, "write %d %llu\n", disk, (unsigned long long)bytes);
	ask(guest, channel, question, answer, sizeof answer);
	assert_non_null(strstr(answer, "written"));
	usec = strtod(answer, NULL);
	return (double)bytes / usec * 1e6;
}

/* Never faster; and as fast in one of three tries, for a busy machine may not ask for more. */
static bool speed_is(const char *what, double got, double wanted)
{
	print_message("%s: %.2f MiB/s, set was %.2f\n", what, got / MIB, wanted / MIB);
	assert_true(got < 1.1 * wanted);
	return got > 0.9 * wanted;
}

static void speed_check(const char *what, struct guest *guest, int channel, int disk,
			uint64_t bytes, double wanted)
{
	int tries;

	for (tries = 0; tries < 3; tries++)
		if (speed_is(what, speed_of(guest, channel, disk, bytes), wanted))
			return;
	fail_msg("%s: slower than it was said to be", what);
}

static void a_disk_is_as_fast_as_it_was_said_to_be(void **state)
{
	struct guest_disk disks[] = {
		{ .bytes = 64 * MIB, .bytes_per_sec = 8 * MIB },
		{ .bytes = 64 * MIB, .format = GUEST_DISK_QCOW2, .bytes_per_sec = 4 * MIB },
		{ .bytes = 64 * MIB, .operations_per_sec = 10, .blank = true },
	};
	struct guest_plan plan = plan_of("throttled");
	struct guest *guest;
	int channel;

	if (quick_skip)
		skip();
	plan.disks = disks;
	plan.disk_count = ARRAY_SIZE(disks);
	guest = guest_make(&plan);
	channel = guest_await_up(guest);
	speed_check("raw, 8 MiB/s", guest, channel, 0, 24 * MIB, 8 * MIB);
	speed_check("qcow2, 4 MiB/s", guest, channel, 1, 12 * MIB, 4 * MIB);
	/* virtio parts a write of 1 MiB into as many as the device takes at once: one here. */
	speed_check("10 writes of 1 MiB a second", guest, channel, 2, 30 * MIB, 10 * MIB);
	close(channel);
	guest_free(guest);
}

/* Whether the process has a file without a name open, past the page cache. */
static bool has_direct_file(pid_t pid)
{
	char path[400], line[128], target[256];
	bool found = false;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		ssize_t size;
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, entry->d_name);
		size = readlink(path, target, sizeof target - 1);
		target[size > 0 ? size : 0] = '\0';
		if (strstr(target, "(deleted)") == NULL)
			continue;
		snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", (int)pid, entry->d_name);
		file = fopen(path, "re");
		while (file != NULL && fgets(line, sizeof line, file) != NULL)
			if (strncmp(line, "flags:", 6) == 0 &&
			    (strtoul(line + 6, NULL, 8) & O_DIRECT) != 0)
				found = true;
		if (file != NULL)
			fclose(file);
	}
	closedir(dir);
	return found;
}

static void a_disk_past_the_page_cache_is_so_on_the_host(void **state)
{
	struct guest_disk disks[] = {
		{ .bytes = 32 * MIB },
		{ .bytes = 32 * MIB, .cache = GUEST_CACHE_DIRECT, .format = GUEST_DISK_QCOW2 },
	};
	struct guest_plan plan = plan_of("direct");
	size_t i;

	if (quick_skip)
		skip();
	plan.disk_count = 1;
	for (i = 0; i < ARRAY_SIZE(disks); i++) {
		struct guest *guest;
		int channel;

		plan.disks = &disks[i];
		guest = guest_make(&plan);
		channel = guest_await_up(guest);
		assert_int_equal(has_direct_file(guest_pid(guest)), i == 1);
		close(channel);
		guest_free(guest);
	}
}

static void guests_on_one_device_share_its_speed(void **state)
{
	struct guest_storage_plan device = { .disk_bytes = 64 * MIB, .disk_count = 2,
					     .bytes_per_sec = 8 * MIB, .blank = true,
					     .scratch = scratch };
	struct guest_disk disk = { 0 };
	struct guest_plan plan = plan_of("shares-1"), other = plan_of("shares-2");
	struct guest_storage *storage;
	struct guest *guests[2], *third;
	struct error err = { 0 };
	char answer[64];
	int channels[2], i;
	uint64_t begun;
	double together;

	if (quick_skip)
		skip();
	if (guest_storage_new(&device, &storage, &err) < 0)
		fail_msg("%s", err.text);
	disk.storage = storage;
	plan.disks = other.disks = &disk;
	plan.disk_count = other.disk_count = 1;
	guests[0] = guest_make(&plan);
	guests[1] = guest_make(&other);
	assert_int_equal(guest_new(&plan, &third, &err), -ENOSPC);
	for (i = 0; i < 2; i++)
		channels[i] = guest_await_up(guests[i]);
	assert_int_equal(guest_storage_turn(storage, &err), 0);
	speed_check("alone on a device of 8 MiB/s", guests[0], channels[0], 0, 24 * MIB, 8 * MIB);
	begun = clock_monotonic_usec();
	for (i = 0; i < 2; i++)
		assert_int_equal(write(channels[i], "write 0 16777216\n", 17), 17);
	for (i = 0; i < 2; i++) {
		line_read(guests[i], channels[i], answer, sizeof answer);
		assert_non_null(strstr(answer, "written"));
	}
	/* Each would have taken 2 s alone. */
	together = 33554432.0 / (double)(clock_monotonic_usec() - begun) * 1e6;
	speed_is("two together on it", together, 8 * MIB);
	for (i = 0; i < 2; i++) {
		close(channels[i]);
		guest_free(guests[i]);
	}
	guest_storage_free(storage);
}

static void a_storage_device_that_dies_is_told(void **state)
{
	struct guest_storage_plan device = { .disk_bytes = 16 * MIB, .disk_count = 1,
					     .blank = true, .scratch = scratch };
	struct guest_storage *storage;
	struct pollfd watched;
	struct error err = { 0 };
	int i;

	if (quick_skip)
		skip();
	if (guest_storage_new(&device, &storage, &err) < 0)
		fail_msg("%s", err.text);
	kill(guest_storage_pid(storage), SIGKILL);
	watched = (struct pollfd){ guest_storage_fd(storage), POLLIN, 0 };
	for (i = 0; guest_storage_turn(storage, &err) == 0 && i < 60; i++)
		poll(&watched, 1, 1000);
	assert_int_equal(guest_storage_turn(storage, &err), -EIO);
	guest_storage_free(storage);
}

/* Killed with SIGKILL, a program can clean nothing up: the kernel must. */
static void nothing_outlives_a_program_that_is_killed(void **state)
{
	struct guest_plan plan = plan_of("orphan");
	int told[2], status, i;
	pid_t program, qemu = 0;

	if (quick_skip)
		skip();
	assert_int_equal(pipe(told), 0);
	program = fork();
	if (program == 0) {
		struct guest *guest;
		pid_t pid;

		if (guest_new(&plan, &guest, NULL) < 0)
			_exit(1);
		pid = guest_pid(guest);
		(void)!write(told[1], &pid, sizeof pid);
		raise(SIGKILL);
	}
	close(told[1]);
	assert_int_equal(read(told[0], &qemu, sizeof qemu), sizeof qemu);
	assert_int_equal(waitpid(program, &status, 0), program);
	assert_true(WIFSIGNALED(status));
	for (i = 0; kill(qemu, 0) == 0 && i < 600; i++)
		poll(NULL, 0, 100);
	assert_int_equal(kill(qemu, 0), -1);
	assert_int_equal(errno, ESRCH);
	close(told[0]);
}

/* A boot sector that says something on the serial console and then stands still. */
static void image_make(const char *path)
{
	static const unsigned char code[] = {
		0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x13, 0x7c, 0xba, 0xf8, 0x03, 0xac,
		0x84, 0xc0, 0x74, 0x06, 0xee, 0xeb, 0xf8, 0x90, 's',  'e',  'l',
		'f',  '-',  'b',  'o',	'o',  't',  'e',  'd',	'\n',
	};
	unsigned char sector[512] = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memcpy(sector, code, sizeof code);
	memcpy(sector + 0x40, "\xf4\xeb\xfd", 3); /* hlt; and again */
	sector[0x0e] = 0x40 - 0x0f; /* where the text ends */
	sector[510] = 0x55;
	sector[511] = 0xaa;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, sector, sizeof sector), sizeof sector);
	assert_int_equal(ftruncate(fd, (off_t)MIB), 0);
	close(fd);
}

static void assert_boots(const char *image)
{
	struct guest_plan plan = plan_of("image");
	uint64_t end = clock_monotonic_usec() + LIMIT_USEC;
	struct error err = { 0 };
	struct guest *guest;

	plan.kernel = NULL;
	plan.image = image;
	guest = guest_make(&plan);
	while (strstr(guest_last_words(guest), "self-booted") == NULL) {
		struct pollfd watched = { guest_fd(guest), POLLIN, 0 };

		if (clock_monotonic_usec() > end)
			fail_msg("%s does not boot: %s", image, guest_last_words(guest));
		poll(&watched, 1, 1000);
		if (guest_turn(guest, &err) < 0)
			fail_msg("%s", err.text);
	}
	guest_free(guest);
}

static void a_users_image_boots_itself_raw_and_qcow2(void **state)
{
	char raw[256], qcow2[256];
	const char *convert[] = { "qemu-img", "convert", "-O", "qcow2", raw, qcow2, NULL };

	if (quick_skip)
		skip();
	snprintf(raw, sizeof raw, "%s/image", scratch_path(scratch));
	snprintf(qcow2, sizeof qcow2, "%s/image, with a comma", scratch_path(scratch));
	image_make(raw);
	assert_boots(raw);
	assert_int_equal(tool_run(convert, NULL, -1, NULL, NULL), 0);
	assert_boots(qcow2);
}

static void a_directory_too_deep_for_a_socket_is_told_as_that(void **state)
{
	struct guest_plan plan = plan_of("deep");
	struct error err = { 0 };
	struct scratch *deep;
	struct guest *guest;
	char path[400];

	if (quick_skip)
		skip();
	snprintf(path, sizeof path, "%s/%0100d", scratch_path(scratch), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(scratch_new(path, &deep, &err), 0);
	plan.scratch = deep;
	plan.monitor = true;
	assert_int_equal(guest_new(&plan, &guest, &err), -ENAMETOOLONG);
	assert_non_null(strstr(err.text, "is too long for a socket"));
	scratch_free(deep);
	assert_int_equal(rmdir(path), 0);
}

static void what_cannot_be_is_refused_before_anything_starts(void **state)
{
	struct guest_plan plan = plan_of("no");
	struct guest_disk disk = { .bytes = 1ull << 60 };
	struct error err = { 0 };
	struct guest *guest;

	if (quick_skip)
		skip();
	plan.memory_bytes = 1ull << 50;
	assert_int_equal(guest_new(&plan, &guest, &err), -ENOMEM);
	assert_non_null(strstr(err.text, "this host has"));
	plan = plan_of("no,way");
	assert_int_equal(guest_new(&plan, &guest, &err), -EINVAL);
	plan = plan_of("no");
	plan.disks = &disk;
	plan.disk_count = 1;
	assert_true(guest_new(&plan, &guest, &err) < 0);
	assert_non_null(strstr(err.text, scratch_path(scratch)));
	plan = plan_of("no");
	plan.kernel = NULL;
	assert_int_equal(guest_new(&plan, &guest, &err), -EINVAL);
	plan = plan_of("no");
	plan.agent = "/nonexistent/agent";
	assert_int_equal(guest_new(&plan, &guest, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/agent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_built_in_guest_comes_up_with_what_the_plan_says),
		cmocka_unit_test(a_guest_that_switches_itself_off_is_no_failure),
		cmocka_unit_test(a_panic_is_told_with_the_kernels_own_words),
		cmocka_unit_test(a_qemu_that_cannot_start_is_told_with_its_last_words),
		cmocka_unit_test(a_qemu_that_is_killed_is_told_at_once),
		cmocka_unit_test(a_pinned_guest_has_its_threads_where_they_were_put),
		cmocka_unit_test(a_disk_is_as_fast_as_it_was_said_to_be),
		cmocka_unit_test(a_disk_past_the_page_cache_is_so_on_the_host),
		cmocka_unit_test(guests_on_one_device_share_its_speed),
		cmocka_unit_test(a_storage_device_that_dies_is_told),
		cmocka_unit_test(nothing_outlives_a_program_that_is_killed),
		cmocka_unit_test(a_users_image_boots_itself_raw_and_qcow2),
		cmocka_unit_test(a_directory_too_deep_for_a_socket_is_told_as_that),
		cmocka_unit_test(what_cannot_be_is_refused_before_anything_starts),
	};

	return cmocka_run_group_tests(tests, everything_make, everything_remove);
}
