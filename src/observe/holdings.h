/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process holds of KVM, by the links of its descriptors, and what KVM's directory in
 * debugfs says of who made which VM. Lists are reused from one process to the next.
 */
#ifndef OBSERVE_HOLDINGS_H
#define OBSERVE_HOLDINGS_H

#include "sys/root.h"

struct holdings {
	int *vm_fds;    /* ascending */
	size_t vm_count, vm_capacity;
	int *vcpus;     /* numbers, by ascending descriptor */
	int *vcpu_fds;
	size_t vcpu_count, vcpu_capacity, vcpu_fd_capacity;
	int *tun_fds;
	size_t tun_count, tun_capacity;
};

/* 0, or why the descriptors cannot be read (-EACCES, -ENOENT, -ESRCH). */
int holdings_read(struct root *root, pid_t pid, struct holdings *ret);
void holdings_done(struct holdings *holdings);

/* A VM by the name of its directory: the thread that made it and the descriptor it got. */
struct maker {
	pid_t tid, pid;
	int fd;
};

struct makers {
	struct maker *items; /* by pid, then tid, then fd */
	size_t count, capacity;
	bool readable;
};

/* The processes there are, ascending; a list that is reused. */
struct pids {
	int *items;
	size_t count, capacity;
};

int pids_read(struct root *root, struct pids *ret);
void pids_done(struct pids *pids);

/* An unreadable or unmounted debugfs gives an empty list that is not `readable`. */
int makers_read(struct root *root, const struct pids *pids, struct makers *ret);
void makers_done(struct makers *makers);
/* The first of this process; *ret_count how many follow each other. */
const struct maker *makers_of(const struct makers *makers, pid_t pid, size_t *ret_count);

#endif
