/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root_copying.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static char host[64], copy[64];
static int copy_fd;

static void put(const char *path, const char *text)
{
	char name[256];
	char *slash;
	int fd;

	snprintf(name, sizeof name, "%s/%s", host, path);
	for (slash = strchr(name + strlen(host) + 1, '/'); slash != NULL;
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
	snprintf(name, sizeof name, "%s/%s", host, path);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(symlink(target, name), 0);
}

static int setup(void **state)
{
	strcpy(host, "/tmp/truce-root-copying-XXXXXX");
	strcpy(copy, "/tmp/truce-root-copying-XXXXXX");
	assert_non_null(mkdtemp(host));
	assert_non_null(mkdtemp(copy));
	copy_fd = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put("about", "truce-capture 1\nrealtime_usec 1000\nmonotonic_usec 500\nduration_usec 90\n");
	put("proc/1/comm", "init\n");
	put("proc/70/comm", "qemu\n");
	put("proc/70/stat", "70 (qemu) S 1 70");
	put("proc/60/stat", "60 (qemu) Z 1 60");
	put("proc/60/io.errno", "EACCES\n");
	put("proc/70/io.errno", "EACCES\n");
	put("proc/70/task/70/comm", "qemu\n");
	put("proc/70/task/71/comm", "CPU 0/KVM\n");
	put("proc/70/cmdline", "qemu");
	put_link("proc/70/fd/11", "anon_inode:kvm-vm");
	put_link("sys/block/vda", "../devices/pci/vda");
	put("sys/devices/pci/vda/size", "8\n");
	put("sys/devices/pci/vda/queue/rotational", "0\n");
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	close(copy_fd);
	return nftw(host, remove_entry, 8, FTW_DEPTH | FTW_PHYS) |
	       nftw(copy, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct root *copy_of(struct root *inner, copying_sees *sees)
{
	struct root *root = root_copying_new(inner, copy_fd, sees, NULL, NULL);

	assert_non_null(root);
	return root;
}

static struct root *copy_of_host(void)
{
	return copy_of(root_captured_new(host, NULL), NULL);
}

/* Ends the copy and opens it as a host. */
static struct root *reopen(struct root *root)
{
	struct error err = { 0 };
	struct root *captured;

	if (root_copying_finish(root, "hostname test\n", &err) < 0)
		fail_msg("%s", err.text);
	root_free(root);
	captured = root_captured_new(copy, &err);
	if (captured == NULL)
		fail_msg("%s", err.text);
	return captured;
}

static void assert_reads(struct root *root, const char *path, const char *text)
{
	char buffer[64];
	ssize_t size = root_read(root, path, buffer, sizeof buffer);

	if (size < 0)
		fail_msg("%s: %s", path, strerror((int)-size));
	assert_string_equal(buffer, text);
}

static void assert_copy_file(const char *path, const char *text)
{
	char buffer[512] = "";
	int fd = openat(copy_fd, path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, buffer, sizeof buffer - 1) >= 0);
	assert_string_equal(buffer, text);
	close(fd);
}

static int collect(const char *name, void *context)
{
	if (context != NULL) {
		str_append(context, name);
		str_append_char(context, ' ');
	}
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

static void what_was_read_reads_the_same_from_the_copy(void **state)
{
	struct root *root = copy_of_host();
	char target[32];

	assert_reads(root, "/proc/70/comm", "qemu\n");
	assert_lists(root, "/proc/70/task", "70 71 ");
	assert_int_equal(root_open(root, "/proc/70/io"), -EACCES);
	assert_int_equal(root_open(root, "/proc/60/io"), -EACCES);
	assert_int_equal(root_readlink(root, "/proc/70/fd/11", target, sizeof target), 17);
	assert_lists(root, "/sys/block", "vda ");
	assert_reads(root, "/sys/block/vda/size", "8\n");
	assert_true(root_exists(root, "/sys/block/vda/queue/rotational"));
	root = reopen(root);
	assert_reads(root, "/proc/70/comm", "qemu\n");
	assert_lists(root, "/proc/70/task", "70 71 ");
	assert_int_equal(root_open(root, "/proc/70/io"), -EACCES);
	assert_int_equal(root_readlink(root, "/proc/70/fd/11", target, sizeof target), 17);
	assert_string_equal(target, "anon_inode:kvm-vm");
	assert_lists(root, "/sys/block", "vda ");
	assert_reads(root, "/sys/block/vda/size", "8\n");
	assert_int_equal(root_realtime_usec(root), 1000);
	assert_int_equal(root_monotonic_usec(root), 500);
	/* What an ending process refuses is no refusal. */
	assert_int_equal(root_open(root, "/proc/60/io"), -ENOENT);
	/* Nobody read these. */
	assert_int_equal(root_open(root, "/proc/1/comm"), -ENOENT);
	assert_reads(root, "/sys/block/vda/queue/rotational", "");
	root_free(root);
}

static void a_thread_does_not_become_a_process(void **state)
{
	struct root *root;

	put("proc/70/task/71/status", "Name:\tCPU 0/KVM\nTgid:\t70\n");
	root = copy_of_host();
	assert_reads(root, "/proc/71/status", "Name:\tCPU 0/KVM\nTgid:\t70\n");
	assert_reads(root, "/proc/71/comm", "CPU 0/KVM\n");
	assert_reads(root, "/proc/70/comm", "qemu\n");
	root = reopen(root);
	assert_reads(root, "/proc/71/status", "Name:\tCPU 0/KVM\nTgid:\t70\n");
	assert_lists(root, "/proc", "70 ");
	root_free(root);
}

static void a_file_that_fills_the_buffer_is_copied_whole(void **state)
{
	struct root *root;
	char large[3000], buffer[16];
	int fd;

	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	put("proc/stat", large);
	root = copy_of_host();
	fd = root_open(root, "/proc/stat");
	assert_int_equal(root_pread(root, fd, buffer, sizeof buffer), sizeof buffer);
	root_close(root, fd);
	assert_int_equal(root_copying_counts(root).bytes, sizeof large - 1);
	root = reopen(root);
	fd = root_open(root, "/proc/stat");
	assert_int_equal(root_pread(root, fd, large, sizeof large), sizeof large - 1);
	root_close(root, fd);
	root_free(root);
}

static void the_first_reading_of_what_was_there_stays(void **state)
{
	struct root *root = copy_of_host();

	assert_true(root_exists(root, "/proc/70/comm"));
	assert_reads(root, "/proc/70/comm", "qemu\n");
	put("proc/70/comm", "renamed\n");
	assert_reads(root, "/proc/70/comm", "renamed\n");
	root = reopen(root);
	assert_reads(root, "/proc/70/comm", "qemu\n");
	root_free(root);
}

static void births_and_deaths_are_told(void **state)
{
	struct root_event event;
	struct root *root;

	put("proc/70/status", "Name:\tqemu\nTgid:\t70\n");
	put("proc/70/task/71/status", "Name:\tCPU\nTgid:\t70\n");
	put("events", "0 start 1\n10 create 71 11 70\n20 create 1 9\n30 exit 70\n"
		      "31 destroy 71 11 70\n");
	root = copy_of_host();
	assert_lists(root, "/proc", "1 60 ");
	assert_int_equal(root_events_open(root), -ENOSYS);
	while (root_sleep_until(root, -1, 600) < 600) {
		while (root_event_next(root, &event) == 1)
			;
		if (root_exists(root, "/proc/70/comm"))
			assert_reads(root, "/proc/70/comm", "qemu\n");
	}
	root = reopen(root);
	assert_copy_file("events", "0 start 1\n10 create 71 11 70\n20 create 1 9\n30 exit 70\n"
				   "31 destroy 71 11 70\n");
	assert_int_equal(root_end_usec(root), 600);
	assert_lists(root, "/proc", "");
	root_free(root);
}

static void the_last_reading_of_what_was_born_stays(void **state)
{
	struct root_event event;
	struct root *root;

	put("events", "10 create 70 11\n");
	root = copy_of_host();
	assert_lists(root, "/proc", "1 60 ");
	root_events_open(root);
	root_sleep_until(root, -1, 510);
	assert_int_equal(root_event_next(root, &event), 1);
	assert_reads(root, "/proc/70/comm", "qemu\n");
	put("proc/70/comm", "renamed\n");
	assert_reads(root, "/proc/70/comm", "renamed\n");
	put("proc/70/comm", "");
	assert_reads(root, "/proc/70/comm", "");
	root = reopen(root);
	root_sleep_until(root, -1, 510);
	assert_reads(root, "/proc/70/comm", "renamed\n");
	root_free(root);
}

static void a_process_without_a_vm_begins_when_it_is_first_listed(void **state)
{
	struct root *root = copy_of_host();

	assert_lists(root, "/proc", "1 60 70 ");
	root_events_open(root);
	root_sleep_until(root, -1, 540);
	put("proc/80/comm", "late\n");
	assert_lists(root, "/proc", "1 60 70 80 ");
	assert_lists(root, "/proc", "1 60 70 80 ");
	assert_reads(root, "/proc/80/comm", "late\n");
	root = reopen(root);
	assert_copy_file("events", "40 start 80\n");
	assert_int_equal(root_open(root, "/proc/80/comm"), -ENOENT);
	root_free(root);
}

static bool sees_all_but_70(pid_t pid, void *context)
{
	return pid != 70;
}

static void a_hidden_process_leaves_no_trace(void **state)
{
	struct root_event event;
	struct root *root;
	char target[32];

	put("events", "0 start 70\n10 create 70 12\n20 exit 1\n");
	put("sys/kernel/debug/kvm/70-12/vcpus", "1\n");
	root = copy_of(root_captured_new(host, NULL), sees_all_but_70);
	assert_lists(root, "/proc", "1 60 ");
	assert_lists(root, "/sys/kernel/debug/kvm", "");
	assert_int_equal(root_open(root, "/proc/70/comm"), -ENOENT);
	assert_int_equal(root_readlink(root, "/proc/70/fd/11", target, sizeof target), -ENOENT);
	assert_int_equal(root_list(root, "/proc/70/fd", collect, NULL), -ENOENT);
	root_events_open(root);
	while (root_sleep_until(root, -1, 600) < 600)
		while (root_event_next(root, &event) == 1)
			assert_int_equal(event.tid, 1);
	root = reopen(root);
	assert_copy_file("events", "20 exit 1\n");
	assert_int_equal(faccessat(copy_fd, "proc/70", F_OK, 0), -1);
	root_free(root);
}

static void environments_are_never_opened(void **state)
{
	struct root *root = copy_of(root_live_new(), NULL);

	assert_int_equal(root_open(root, "/proc/self/environ"), -EPERM);
	assert_int_equal(root_write(root, "/proc/self/comm", "x"), -EROFS);
	root_free(root);
}

/* A shell that does nothing, with these arguments behind it. */
static pid_t start_process(const char *argument, const char *secret)
{
	int pipe_fds[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "kill -STOP $$", "sh", argument, secret, (char *)NULL);
		_exit(1);
	}
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 0); /* closed by execve */
	close(pipe_fds[0]);
	return pid;
}

static void a_real_process_is_copied_without_its_secrets(void **state)
{
	pid_t pid = start_process("-spice", "port=1,password=hunter2");
	struct root *root = copy_of(root_live_new(), NULL);
	char path[64], text[256];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	/* Readers see the truth; the copy does not hold it. */
	size = root_read(root, path, text, sizeof text);
	assert_non_null(memmem(text, (size_t)size, "hunter2", 7));
	assert_int_equal(root_copying_counts(root).masked, 1);
	root = reopen(root);
	size = root_read(root, path, text, sizeof text);
	assert_null(memmem(text, (size_t)size, "hunter2", 7));
	assert_non_null(memmem(text, (size_t)size, "port=1,password=***", 20));
	root_free(root);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void the_end_of_a_real_process_is_told(void **state)
{
	pid_t pid = start_process("a", "b");
	struct root *root = copy_of(root_live_new(), NULL);
	char path[64], expected[32], text[128] = "";
	int fd, pidfd;

	root_events_open(root);
	pidfd = root_pidfd(root, pid);
	if (pidfd == -ENOSYS || pidfd == -EPERM) {
		kill(pid, SIGKILL);
		skip();
	}
	root_sleep_until(root, -1, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	root_sleep_until(root, -1, 0);
	close(pidfd);
	assert_int_equal(root_copying_finish(root, "", NULL), 0);
	root_free(root);
	fd = openat(copy_fd, "events", O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	snprintf(expected, sizeof expected, " exit %d\n", (int)pid);
	snprintf(path, sizeof path, "%s", strchr(text, ' '));
	assert_string_equal(path, expected);
}

static void a_copy_that_cannot_be_written_says_so(void **state)
{
	struct root *root = root_captured_new(host, NULL);
	struct error err = { 0 };
	int full = open("/dev/null", O_RDONLY | O_CLOEXEC);

	root = root_copying_new(root, full, NULL, NULL, NULL);
	assert_reads(root, "/proc/70/comm", "qemu\n");
	assert_true(root_copying_finish(root, "", &err) < 0);
	assert_non_null(strstr(err.text, "cannot write the copy of"));
	root_free(root);
	close(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_read_reads_the_same_from_the_copy),
		TEST(a_thread_does_not_become_a_process),
		TEST(a_file_that_fills_the_buffer_is_copied_whole),
		TEST(the_first_reading_of_what_was_there_stays),
		TEST(births_and_deaths_are_told),
		TEST(the_last_reading_of_what_was_born_stays),
		TEST(a_process_without_a_vm_begins_when_it_is_first_listed),
		TEST(a_hidden_process_leaves_no_trace),
		TEST(environments_are_never_opened),
		TEST(a_real_process_is_copied_without_its_secrets),
		TEST(the_end_of_a_real_process_is_told),
		TEST(a_copy_that_cannot_be_written_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
