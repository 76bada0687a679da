/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only way to the kernel: a table of functions with several makes. `live` is this machine;
 * `captured` is a directory written by `truce capture`, with its own clock, its births and its
 * deaths, never written to; `faulty` wraps another root and makes chosen calls fail; `copying` wraps
 * another and keeps what is read; `memory` is a table of files, for tests.
 * Paths are absolute as on the host ("/proc/1/stat"). Failures are negative errnos. ENOENT and
 * ESRCH are normal: whatever is read may vanish between two calls.
 */
#ifndef SYS_ROOT_H
#define SYS_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct error;
struct root;

/* What the kernel (or a capture's event file) tells of its own accord. */
enum root_event_kind {
	ROOT_EVENT_CREATE,  /* KVM made a VM; tid called the ioctl */
	ROOT_EVENT_DESTROY, /* KVM dropped a VM's last reference */
	ROOT_EVENT_EXIT,    /* a process ended (captured hosts; live ones use pidfds) */
};

struct root_event {
	enum root_event_kind kind;
	uint64_t monotonic_usec;
	pid_t tid;
	int vm_fd;       /* from STATS_PATH; -1 where it is not told */
	pid_t stats_tid; /* the tid in STATS_PATH: tells one VM from another at destruction */
};

enum { ROOT_PEEK_RANGES = 512 };

/* What is set of a thread by a system call (sys/task.h). */
enum root_task { ROOT_TASK_NICE, ROOT_TASK_AFFINITY, ROOT_TASK_POLICY, ROOT_TASK_SLICE };

/* Returns 0 to go on, anything else stops the listing and is returned. */
typedef int root_list_function(const char *name, void *context);

struct root_ops {
	const char *name;
	int (*open)(struct root *root, const char *path);
	ssize_t (*pread)(struct root *root, int fd, void *buffer, size_t size);
	void (*close)(struct root *root, int fd);
	ssize_t (*readlink)(struct root *root, const char *path, char *buffer, size_t size);
	int (*list)(struct root *root, const char *path, root_list_function *function, void *context);
	/* NULL: list, which names files as well */
	int (*list_directories)(struct root *root, const char *path, root_list_function *function,
				void *context);
	int (*write)(struct root *root, const char *path, const char *text);
	int (*mkdir)(struct root *root, const char *path); /* NULL, and those below: -EROFS */
	int (*rmdir)(struct root *root, const char *path);
	int (*set_task)(struct root *root, pid_t tid, enum root_task what, const char *value);
	int (*task_slice)(struct root *root, pid_t tid, uint64_t *ret_nsec); /* NULL: -ENOSYS */
	int (*task_cpus)(struct root *root, pid_t tid, uint64_t *ret_digest); /* NULL: -ENOSYS */
	/* NULL, and the one below: -ENOSYS */
	ssize_t (*pread_at)(struct root *root, int fd, void *buffer, size_t size, uint64_t offset);
	ssize_t (*peek)(struct root *root, pid_t pid, const struct iovec *there, size_t count,
			  void *buffer, size_t size);
	uint64_t (*monotonic_usec)(struct root *root);
	uint64_t (*realtime_usec)(struct root *root);
	int (*pidfd)(struct root *root, pid_t pid);
	int (*same_file)(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd);
	int (*connect)(struct root *root, const char *path);
	int (*events_open)(struct root *root);
	int (*event_next)(struct root *root, struct root_event *ret);
	uint64_t (*sleep_until)(struct root *root, int epoll_fd, uint64_t monotonic_usec);
	uint64_t (*end_usec)(struct root *root); /* NULL: never */
	void (*free)(struct root *root);
};

struct root {
	const struct root_ops *ops;
	long ticks_per_second; /* USER_HZ and page size of the host that is read */
	long page_size;
	bool captured; /* a capture, perhaps behind faults */
};

struct root *root_live_new(void);
struct root *root_captured_new(const char *directory, struct error *err);
/* Owns inner. The rules are written as in root_faulty.c's head; bad ones are refused. */
struct root *root_faulty_new(struct root *inner, const char *rules, struct error *err);
void root_free(struct root *root);

/* Descriptor for root_pread/root_close. */
int root_open(struct root *root, const char *path);
void root_close(struct root *root, int fd);
/* From offset 0, at most size bytes; the hot path, one system call. */
static inline ssize_t root_pread(struct root *root, int fd, void *buffer, size_t size)
{
	return root->ops->pread(root, fd, buffer, size);
}
/* From any offset: of files that are tables, as pagemap. */
ssize_t root_pread_at(struct root *root, int fd, void *buffer, size_t size, uint64_t offset);
/* Bytes of a process's memory, range behind range (at most ROOT_PEEK_RANGES): fewer where the rest
 * is not there, -EFAULT when the first byte is not, -ESRCH when the process is not, -EPERM. Pages
 * in swap come in. */
ssize_t root_peek(struct root *root, pid_t pid, const struct iovec *there, size_t count,
		    void *buffer, size_t size);
/* Opens, reads up to size-1 bytes, terminates, closes; the bytes read. */
ssize_t root_read(struct root *root, const char *path, char *buffer, size_t size);
/* A whole file of any size up to limit, on the heap, NUL-terminated; -EFBIG above the limit. */
ssize_t root_read_all(struct root *root, const char *path, size_t limit, char **ret);
ssize_t root_readlink(struct root *root, const char *path, char *buffer, size_t size);
int root_list(struct root *root, const char *path, root_list_function *function, void *context);
/* Directories, and whatever of the others this root cannot tell from them. */
int root_list_directories(struct root *root, const char *path, root_list_function *function,
			  void *context);
/* One write() of the text to a file that exists; a root that cannot be written to: -EROFS. */
int root_write(struct root *root, const char *path, const char *text);
/* Of cgroups. */
int root_mkdir(struct root *root, const char *path);
int root_rmdir(struct root *root, const char *path);
bool root_exists(struct root *root, const char *path);
bool root_is_captured(const struct root *root);
uint64_t root_monotonic_usec(struct root *root);
uint64_t root_realtime_usec(struct root *root);
/* -ENOSYS on captured roots, whose deaths come as events. */
int root_pidfd(struct root *root, pid_t pid);
/* 1 when both descriptors are one open file, 0 when not, negative when that cannot be told. */
int root_same_file(struct root *root, pid_t a, int a_fd, pid_t b, int b_fd);
/* A stream to a unix socket, non-blocking; -ENOSYS on captured roots. */
int root_connect(struct root *root, const char *path);
/* A descriptor to poll for events, or -ENOSYS when they come by root_sleep_until alone. */
int root_events_open(struct root *root);
/* 1 and an event, 0 when none is there now, -ENOBUFS when some were lost: scan again. */
int root_event_next(struct root *root, struct root_event *ret);
/* Until the time, or until epoll_fd is readable (live) or an event is due (captured, whose
 * clock jumps there). Returns the time it is. */
uint64_t root_sleep_until(struct root *root, int epoll_fd, uint64_t monotonic_usec);
/* The monotonic time after which a capture tells nothing more; UINT64_MAX on live hosts. */
uint64_t root_end_usec(struct root *root);

#endif
