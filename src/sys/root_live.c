/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "sys/task.h"
#include "sys/uevent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

/* 300 births and deaths of one burst are 150 KB of messages; the kernel drops what finds no room. */
#define EVENTS_BUFFER_BYTES (8 << 20)

struct root_live {
	struct root root;
	int events_fd;
};

static int live_open(struct root *root, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 ? fd : -errno;
}

static ssize_t live_pread(struct root *root, int fd, void *buffer, size_t size)
{
	ssize_t got = pread(fd, buffer, size, 0);

	/* KVM's files in debugfs cannot seek: good for one read after each opening. */
	if (got < 0 && errno == ESPIPE)
		got = read(fd, buffer, size);
	return got >= 0 ? got : -errno;
}

static void live_close(struct root *root, int fd)
{
	close(fd);
}

static ssize_t live_readlink(struct root *root, const char *path, char *buffer, size_t size)
{
	ssize_t got = readlink(path, buffer, size);

	return got >= 0 ? got : -errno;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Not by opendir, which allocates: directories are listed on ticks. */
static int list_entries(const char *path, bool directories, root_list_function *function,
			void *context)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	_Alignas(struct dirent64) char entries[8192];
	ssize_t size, at;
	int r;

	if (fd < 0)
		return -errno;
	while ((size = getdents64(fd, entries, sizeof entries)) > 0) {
		for (at = 0; at < size;) {
			const struct dirent64 *entry = (const struct dirent64 *)(entries + at);

			at += entry->d_reclen;
			if (is_dots(entry->d_name) || (directories && entry->d_type != DT_DIR &&
						       entry->d_type != DT_UNKNOWN))
				continue;
			r = function(entry->d_name, context);
			if (r != 0)
				return r;
		}
	}
	return size < 0 ? -errno : 0;
}

static int live_list(struct root *root, const char *path, root_list_function *function,
		     void *context)
{
	return list_entries(path, false, function, context);
}

static int live_list_directories(struct root *root, const char *path,
				 root_list_function *function, void *context)
{
	return list_entries(path, true, function, context);
}

/* What is turned are files of the kernel's own. Whatever a path says that was read somewhere (a
 * journal's), and wherever links lead to: no file on a disk is written. */
static bool is_knob(long type)
{
	return type == CGROUP_SUPER_MAGIC || type == CGROUP2_SUPER_MAGIC || type == SYSFS_MAGIC ||
	       type == PROC_SUPER_MAGIC;
}

static int live_write(struct root *root, const char *path, const char *text)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t size = strlen(text);
	struct statfs system;
	ssize_t put;

	if (fd < 0 || fstatfs(fd, &system) < 0)
		return -errno;
	if (!is_knob((long)system.f_type))
		return -EPERM;
	/* To memory.high it would mean that nothing is reclaimed at once. */
	fcntl(fd, F_SETFL, 0);
	put = write(fd, text, size);
	if (put < 0)
		return -errno;
	return (size_t)put == size ? 0 : -EIO;
}

static int live_mkdir(struct root *root, const char *path)
{
	return mkdir(path, 0755) < 0 ? -errno : 0;
}

static int live_rmdir(struct root *root, const char *path)
{
	struct statfs system;

	if (statfs(path, &system) < 0)
		return -errno;
	if (!is_knob((long)system.f_type))
		return -EPERM;
	return rmdir(path) < 0 ? -errno : 0;
}

static int live_set_task(struct root *root, pid_t tid, enum root_task what, const char *value)
{
	return task_set_here(tid, what, value);
}

static int live_task_slice(struct root *root, pid_t tid, uint64_t *ret_nsec)
{
	return task_slice_here(tid, ret_nsec);
}

static int live_task_cpus(struct root *root, pid_t tid, uint64_t *ret_digest)
{
	return task_cpus_here(tid, ret_digest);
}

static uint64_t live_monotonic_usec(struct root *root)
{
	return clock_monotonic_usec();
}

static uint64_t live_realtime_usec(struct root *root)
{
	return clock_realtime_usec();
}

static int live_pidfd(struct root *root, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd >= 0 ? fd : -errno;
}

static ssize_t live_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset)
{
	ssize_t got = pread(fd, buffer, size, (off_t)offset);

	return got >= 0 ? got : -errno;
}

static ssize_t live_peek(struct root *root, pid_t pid, const struct iovec *there, size_t count,
			   void *buffer, size_t size)
{
	struct iovec here = { buffer, size };
	ssize_t got = process_vm_readv(pid, &here, 1, there, count, 0);

	return got >= 0 ? got : -errno;
}

static int live_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd)
{
	long r = syscall(SYS_kcmp, a, b, KCMP_FILE, a_fd, b_fd);

	return r < 0 ? -errno : r == 0;
}

static int live_connect(struct root *root, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A full backlog answers EAGAIN at once: a VMM that does not accept delays nobody. */
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int live_events_open(struct root *root)
{
	struct root_live *live = (struct root_live *)root;
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = EVENTS_BUFFER_BYTES;
	int fd;

	if (live->events_fd >= 0)
		return live->events_fd;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	live->events_fd = fd;
	return fd;
}

static int live_event_next(struct root *root, struct root_event *ret)
{
	struct root_live *live = (struct root_live *)root;
	char bytes[4096];

	if (live->events_fd < 0)
		return 0;
	for (;;) {
		struct sockaddr_nl sender = { 0 };
		socklen_t sender_size = sizeof sender;
		ssize_t got = recvfrom(live->events_fd, bytes, sizeof bytes, MSG_DONTWAIT,
				       (struct sockaddr *)&sender, &sender_size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		/* Only the kernel (port 0) speaks for KVM. */
		if (sender.nl_pid != 0 || !uevent_parse(bytes, (size_t)got, ret))
			continue;
		ret->monotonic_usec = clock_monotonic_usec();
		return 1;
	}
}

static uint64_t live_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec)
{
	uint64_t now = clock_monotonic_usec();
	struct pollfd waiting = { .fd = epoll_fd, .events = POLLIN };
	struct timespec left;

	if (now >= monotonic_usec)
		monotonic_usec = now;
	left.tv_sec = (time_t)((monotonic_usec - now) / USEC_PER_SEC);
	left.tv_nsec = (long)((monotonic_usec - now) % USEC_PER_SEC * 1000);
	ppoll(&waiting, epoll_fd >= 0 ? 1 : 0, &left, NULL);
	return clock_monotonic_usec();
}

static void live_free(struct root *root)
{
	struct root_live *live = (struct root_live *)root;

	if (live->events_fd >= 0)
		close(live->events_fd);
	free(live);
}

static const struct root_ops live_ops = {
	.name = "live",
	.open = live_open,
	.pread = live_pread,
	.close = live_close,
	.readlink = live_readlink,
	.list = live_list,
	.list_directories = live_list_directories,
	.write = live_write,
	.mkdir = live_mkdir,
	.rmdir = live_rmdir,
	.set_task = live_set_task,
	.task_slice = live_task_slice,
	.task_cpus = live_task_cpus,
	.monotonic_usec = live_monotonic_usec,
	.realtime_usec = live_realtime_usec,
	.pidfd = live_pidfd,
	.pread_at = live_pread_at,
	.peek = live_peek,
	.same_file = live_same_file,
	.connect = live_connect,
	.events_open = live_events_open,
	.event_next = live_event_next,
	.sleep_until = live_sleep_until,
	.free = live_free,
};

struct root *root_live_new(void)
{
	struct root_live *live = calloc(1, sizeof *live);

	if (live == NULL)
		return NULL;
	live->root.ops = &live_ops;
	live->root.ticks_per_second = sysconf(_SC_CLK_TCK);
	live->root.page_size = sysconf(_SC_PAGESIZE);
	live->events_fd = -1;
	return &live->root;
}
