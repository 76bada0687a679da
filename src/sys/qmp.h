/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's machine protocol. A QMP socket serves one client at a time: connect, ask, close, never
 * hold it. Everything between qmp_open and qmp_close ends within the one timeout given at the
 * start (-ETIMEDOUT); answers are limited in size and depth (-EPROTO). May block that long: call
 * it from a thread that may wait.
 */
#ifndef SYS_QMP_H
#define SYS_QMP_H

#include "sys/field.h"

#include <jansson.h>
#include <sys/types.h>

struct cmdline;
struct error;
struct qmp;
struct root;

enum qmp_way {
	QMP_NONE,      /* no QMP socket in the arguments */
	QMP_SOCKET,    /* a path to connect to */
	QMP_PASSED_FD, /* handed over at the start (libvirt does): its owner holds it */
};

/* Where a QEMU listens. A relative path is relative to the process's working directory. */
enum qmp_way qmp_find(const struct cmdline *cmdline, char *ret_path, size_t ret_size);

/* Connects and negotiates. -ENOSYS on captured hosts. The path is a stranger's word: where another
 * process than `pid` (0: whoever) listens there, nothing is said to it (-EPERM). */
int qmp_open(struct root *root, const char *path, pid_t pid, uint64_t timeout_usec,
	     struct qmp **ret, struct error *err);
void qmp_close(struct qmp *qmp);
/* `arguments` may be NULL and is not consumed; the answer's "return" belongs to the caller. An
 * {"error"} is -EREMOTEIO with QEMU's sentence; -EOPNOTSUPP where the command is unknown. */
int qmp_command(struct qmp *qmp, const char *command, json_t *arguments, json_t **ret,
		struct error *err);

struct qmp_identity {
	char name[256];
	char uuid[40];
	char status[32]; /* running, paused, inmigrate, ... */
};

struct qmp_thread {
	int index; /* vCPU */
	pid_t tid;
	char name[64]; /* I/O thread */
};

/* FIELD_ABSENT where the guest has not told. */
struct qmp_balloon {
	int64_t actual_bytes, target_bytes;
	int64_t free_bytes, available_bytes, total_bytes, disk_cache_bytes;
	int64_t swap_in_bytes, swap_out_bytes, major_faults, minor_faults;
	int64_t updated_seconds; /* realtime of the guest's report */
};

struct qmp_block {
	int64_t reads, writes, read_bytes, write_bytes, flushes, read_nsec, write_nsec;
};

/* query-status' word ("running", "paused", ...), else "migrating" or "backup" while such a job is
 * under way. */
int qmp_state(struct qmp *qmp, char *ret, size_t ret_size, struct error *err);
int qmp_identity(struct qmp *qmp, struct qmp_identity *ret, struct error *err);
/* Up to `capacity` of them; returns how many there are. */
ssize_t qmp_cpus(struct qmp *qmp, struct qmp_thread *ret, size_t capacity, struct error *err);
ssize_t qmp_iothreads(struct qmp *qmp, struct qmp_thread *ret, size_t capacity, struct error *err);
/* -ENODEV without a balloon. Guest statistics need its polling interval to be set by its owner. */
int qmp_balloon(struct qmp *qmp, struct qmp_balloon *ret, struct error *err);
/* 1 and the path of the balloon's device in QEMU's object tree; 0: there is none. */
int qmp_balloon_path(struct qmp *qmp, char *ret, size_t ret_size, struct error *err);
/* Summed over the VM's disks. */
int qmp_block(struct qmp *qmp, struct qmp_block *ret, struct error *err);

#endif
