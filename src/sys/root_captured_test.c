/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "sys/errno_name.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define START_MONOTONIC 5000000ull
#define START_REALTIME 1700000000000000ull

static char directory[64];

static void put(const char *path, const char *text)
{
	char name[256];
	char *slash;
	int fd;

	snprintf(name, sizeof name, "%s/%s", directory, path);
	for (slash = strchr(name + strlen(directory) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void put_link(const char *path, const char *target)
{
	char name[256];

	put(path, "");
	snprintf(name, sizeof name, "%s/%s", directory, path);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(symlink(target, name), 0);
}

static int setup(void **state)
{
	strcpy(directory, "/tmp/truce-root-captured-XXXXXX");
	assert_non_null(mkdtemp(directory));
	put("about", "truce-capture 1\nrealtime_usec 1700000000000000\nmonotonic_usec 5000000\n"
		     "duration_usec 10000000\nticks_per_second 250\npage_size 16384\n");
	put("proc/1/stat", "1 (init) S");
	put("proc/70/stat", "70 (qemu) S");
	put_link("proc/70/fd/11", "anon_inode:kvm-vm");
	put_link("proc/70/fd/12", "socket:[99]");
	put("proc/70/task/70/comm", "qemu\n");
	put("proc/70/task/71/comm", "CPU 0/KVM\n");
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct root *open_root(void)
{
	struct error err = { 0 };
	struct root *root = root_captured_new(directory, &err);

	if (root == NULL)
		fail_msg("%s", err.text);
	return root;
}

static void assert_no_root(const char *sentence)
{
	struct error err = { 0 };

	assert_null(root_captured_new(directory, &err));
	assert_true(err.code < 0);
	if (strstr(err.text, sentence) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", sentence, err.text);
}

static void assert_reads(struct root *root, const char *path, const char *text)
{
	char buffer[64];
	ssize_t size = root_read(root, path, buffer, sizeof buffer);

	if (size < 0)
		fail_msg("%s: %s", path, strerror((int)-size));
	assert_string_equal(buffer, text);
}

static int collect(const char *name, void *context)
{
	str_append(context, name);
	str_append_char(context, ' ');
	return 0;
}

static void assert_lists(struct root *root, const char *path, const char *names)
{
	struct str list;

	str_init(&list);
	str_append(&list, "");
	assert_int_equal(root_list(root, path, collect, &list), 0);
	assert_string_equal(list.data, names);
	str_done(&list);
}

/* To that time, taking every event on the way. */
static void go(struct root *root, uint64_t usec)
{
	struct root_event event;

	while (root_sleep_until(root, -1, START_MONOTONIC + usec) < START_MONOTONIC + usec)
		while (root_event_next(root, &event) == 1)
			;
}

static void files_links_and_directories_read_as_on_the_host(void **state)
{
	struct root *root = open_root();
	char target[32];

	assert_true(root_is_captured(root));
	assert_int_equal(root->ticks_per_second, 250);
	assert_int_equal(root->page_size, 16384);
	assert_reads(root, "/proc/1/stat", "1 (init) S");
	assert_int_equal(root_readlink(root, "/proc/70/fd/11", target, sizeof target), 17);
	assert_string_equal(target, "anon_inode:kvm-vm");
	assert_int_equal(root_readlink(root, "/proc/1/stat", target, sizeof target), -EINVAL);
	assert_int_equal(root_readlink(root, "/proc/1/exe", target, sizeof target), -ENOENT);
	assert_lists(root, "/proc", "1 70 ");
	assert_lists(root, "/proc/70/fd", "11 12 ");
	put("sys/block/.empty", "");
	assert_lists(root, "/sys/block", "");
	assert_int_equal(root_open(root, "/proc/2/stat"), -ENOENT);
	assert_int_equal(root_list(root, "/proc/2", collect, NULL), -ENOENT);
	assert_int_equal(root_list(root, "/proc/1/stat", collect, NULL), -ENOTDIR);
	root_free(root);
}

static void a_thread_answers_though_it_is_not_listed(void **state)
{
	struct root *root = open_root();

	assert_reads(root, "/proc/71/comm", "CPU 0/KVM\n");
	assert_int_equal(root_open(root, "/proc/71/stat"), -ENOENT);
	assert_int_equal(root_open(root, "/proc/72/comm"), -ENOENT);
	assert_lists(root, "/proc", "1 70 ");
	root_free(root);
}

static void what_the_kernel_refused_is_refused_again(void **state)
{
	struct root *root = open_root();
	char buffer[8];

	put("proc/70/io.errno", "EACCES\n");
	put("proc/70/fd/13.errno", "EPERM\n");
	put("proc/1/fd.errno", "EACCES\n");
	put("proc/1/io.errno", "nonsense\n");
	assert_int_equal(root_open(root, "/proc/70/io"), -EACCES);
	assert_int_equal(root_list(root, "/proc/1/fd", collect, NULL), -EACCES);
	assert_int_equal(root_readlink(root, "/proc/70/fd/13", buffer, sizeof buffer), -EPERM);
	assert_int_equal(root_open(root, "/proc/1/io"), -EIO);
	assert_lists(root, "/proc/70/fd", "11 12 13 ");
	root_free(root);
}

static void nothing_is_written_and_nobody_is_called(void **state)
{
	struct root *root = open_root();

	assert_int_equal(root_write(root, "/proc/70/stat", "x"), -EROFS);
	assert_int_equal(root_connect(root, "/run/qmp"), -ENOSYS);
	assert_int_equal(root_pidfd(root, 70), -ENOSYS);
	assert_int_equal(root_events_open(root), -ENOSYS);
	assert_reads(root, "/proc/70/stat", "70 (qemu) S");
	root_free(root);
}

static void links_that_lead_out_are_not_followed(void **state)
{
	struct root *root = open_root();

	put_link("proc/1/status", "/etc/hostname");
	put_link("proc/1/cgroup", "../../../../../../etc/hostname");
	put_link("sys/kernel", "/sys/kernel");
	assert_int_equal(root_open(root, "/proc/1/status"), -ENOENT);
	assert_int_equal(root_open(root, "/proc/1/cgroup"), -ENOENT);
	assert_true(root_open(root, "/sys/kernel/mm/ksm/run") < 0);
	root_free(root);
}

static void the_clock_jumps_to_the_next_event(void **state)
{
	struct root_event event;
	struct root *root;

	put("events", "2000000 create 70 11\n3000000 destroy 70 11\n");
	root = open_root();
	assert_int_equal(root_monotonic_usec(root), START_MONOTONIC);
	assert_int_equal(root_realtime_usec(root), START_REALTIME);
	assert_int_equal(root_event_next(root, &event), 0);
	assert_int_equal(root_sleep_until(root, -1, START_MONOTONIC + 1000000),
			 START_MONOTONIC + 1000000);
	assert_int_equal(root_event_next(root, &event), 0);
	assert_int_equal(root_sleep_until(root, -1, START_MONOTONIC + 9000000),
			 START_MONOTONIC + 2000000);
	assert_int_equal(root_event_next(root, &event), 1);
	assert_int_equal(event.kind, ROOT_EVENT_CREATE);
	assert_int_equal(event.tid, 70);
	assert_int_equal(event.vm_fd, 11);
	assert_int_equal(event.monotonic_usec, START_MONOTONIC + 2000000);
	assert_int_equal(root_event_next(root, &event), 0);
	assert_int_equal(root_realtime_usec(root), START_REALTIME + 2000000);
	assert_int_equal(root_sleep_until(root, -1, UINT64_MAX), START_MONOTONIC + 3000000);
	assert_int_equal(root_event_next(root, &event), 1);
	assert_int_equal(event.kind, ROOT_EVENT_DESTROY);
	assert_int_equal(root_end_usec(root), START_MONOTONIC + 10000000);
	assert_int_equal(root_sleep_until(root, -1, UINT64_MAX), root_end_usec(root));
	assert_int_equal(root_sleep_until(root, -1, 0), root_end_usec(root));
	root_free(root);
}

static void a_process_is_there_from_its_birth_to_its_death(void **state)
{
	struct root *root;
	char buffer[16];
	int fd;

	put("events", "1000000 create 70 11\n2000000 exit 70\n2000001 destroy 70 11\n");
	root = open_root();
	assert_lists(root, "/proc", "1 ");
	assert_int_equal(root_open(root, "/proc/70/stat"), -ENOENT);
	go(root, 1000000);
	assert_lists(root, "/proc", "1 70 ");
	fd = root_open(root, "/proc/70/stat");
	assert_true(root_pread(root, fd, buffer, sizeof buffer) > 0);
	go(root, 2000000);
	assert_int_equal(root_pread(root, fd, buffer, sizeof buffer), -ESRCH);
	assert_int_equal(root_open(root, "/proc/70/stat"), -ENOENT);
	assert_lists(root, "/proc", "1 ");
	go(root, 2000001);
	assert_lists(root, "/proc", "1 ");
	root_close(root, fd);
	root_free(root);
}

static void a_vm_is_born_and_dies_within_a_process_that_stays(void **state)
{
	struct root *root;

	put("sys/kernel/debug/kvm/71-11/vcpu0/pid", "71\n");
	put("events", "0 start 70\n1000000 create 71 11 70\n2000000 destroy 71 11 70\n");
	root = open_root();
	assert_lists(root, "/proc", "1 70 ");
	assert_lists(root, "/proc/70/fd", "12 ");
	assert_lists(root, "/sys/kernel/debug/kvm", "");
	go(root, 1000000);
	assert_lists(root, "/proc/70/fd", "11 12 ");
	assert_lists(root, "/sys/kernel/debug/kvm", "71-11 ");
	assert_reads(root, "/proc/71/comm", "CPU 0/KVM\n");
	go(root, 2000000);
	assert_lists(root, "/proc/70/fd", "12 ");
	assert_lists(root, "/sys/kernel/debug/kvm", "");
	assert_lists(root, "/proc", "1 70 ");
	root_free(root);
}

static void a_number_that_is_used_again_is_another_life(void **state)
{
	struct root *root;

	put("events", "0 start 70\n100 destroy 70 11\n200 create 70 11\n300 destroy 70 11\n");
	root = open_root();
	assert_lists(root, "/proc/70/fd", "11 12 ");
	go(root, 100);
	assert_lists(root, "/proc/70/fd", "12 ");
	go(root, 200);
	assert_lists(root, "/proc/70/fd", "11 12 ");
	go(root, 300);
	assert_lists(root, "/proc/70/fd", "12 ");
	root_free(root);
}

static void equal_descriptors_are_known_when_they_were_compared(void **state)
{
	struct root *root = open_root();

	assert_int_equal(root_same_file(root, 70, 11, 71, 3), -ENOSYS);
	root_free(root);
	put("same-files", "70/11 71/3\n80/4 80/5\n71/3 72/3\n");
	root = open_root();
	assert_int_equal(root_same_file(root, 70, 11, 71, 3), 1);
	assert_int_equal(root_same_file(root, 70, 11, 72, 3), 1);
	assert_int_equal(root_same_file(root, 70, 11, 80, 4), 0);
	assert_int_equal(root_same_file(root, 70, 12, 70, 13), 0);
	assert_int_equal(root_same_file(root, 70, 12, 70, 12), 1);
	root_free(root);
}

static void a_wrong_directory_is_refused_in_one_sentence(void **state)
{
	char about[128];

	snprintf(about, sizeof about, "%s/about", directory);
	strcat(directory, "/none");
	assert_no_root("No such file");
	directory[strlen(directory) - 5] = '\0';
	put("about", "hello\n");
	assert_no_root("is not of a capture");
	put("about", "");
	assert_no_root("is empty");
	put("about", "truce-capture 2\n");
	assert_no_root("format 2, this truce reads up to 1");
	put("about", "truce-capture 1\nrealtime_usec noon\n");
	assert_no_root("about:2: a number");
	put("about", "truce-capture 1\npage_size 5000\n");
	assert_no_root("page_size");
	assert_int_equal(unlink(about), 0);
	assert_no_root("no file `about`");
	mkdir(about, 0700);
	assert_no_root("directory");
}

static void a_file_or_a_tree_without_proc_is_no_host(void **state)
{
	char base[64];

	strcpy(base, directory);
	strcat(directory, "/about");
	assert_no_root("is no directory");
	strcpy(directory, base);
	strcat(directory, "/proc/1");
	put("about", "truce-capture 1\n");
	assert_no_root("no directory proc");
	strcpy(directory, base);
}

static void bad_events_are_named_by_their_line(void **state)
{
	static const char *const bad[][2] = {
		{ "100 create 70 11\nhello\n", "events:2: a line begins with its time" },
		{ "100 create 70 11\n99 exit 70\n", "events:2: this is earlier" },
		{ "# why\n\n100 exit\n", "events:3: a process id" },
		{ "100 exit 70 71\n", "events:1: a process id" },
		{ "100 create 70\n", "events:1: a thread id" },
		{ "100 create 70 11 x\n", "events:1: behind the descriptor" },
		{ "100 create 99999999999 11\n", "events:1: a thread id" },
		{ "99999999999999999999 exit 1\n", "events:1: a line begins" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put("events", bad[i][0]);
		assert_no_root(bad[i][1]);
	}
	put("events", "100 word of a later time\n200 exit 70\n");
	root_free(open_root());
	put("same-files", "70-11\n");
	assert_no_root("same-files:1: PID/FD");
}

static void failures_have_names_both_ways(void **state)
{
	assert_int_equal(errno_from_name("ESRCH", 5), ESRCH);
	assert_int_equal(errno_from_name("ESRC", 4), 0);
	assert_string_equal(errno_name(-ENOBUFS), "ENOBUFS");
	assert_string_equal(errno_name(100000), "EIO");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_links_and_directories_read_as_on_the_host),
		TEST(a_thread_answers_though_it_is_not_listed),
		TEST(what_the_kernel_refused_is_refused_again),
		TEST(nothing_is_written_and_nobody_is_called),
		TEST(links_that_lead_out_are_not_followed),
		TEST(the_clock_jumps_to_the_next_event),
		TEST(a_process_is_there_from_its_birth_to_its_death),
		TEST(a_vm_is_born_and_dies_within_a_process_that_stays),
		TEST(a_number_that_is_used_again_is_another_life),
		TEST(equal_descriptors_are_known_when_they_were_compared),
		TEST(a_wrong_directory_is_refused_in_one_sentence),
		TEST(a_file_or_a_tree_without_proc_is_no_host),
		TEST(bad_events_are_named_by_their_line),
		cmocka_unit_test(failures_have_names_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
