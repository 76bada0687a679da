/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own QMP connection to a guest's QEMU, without a name and never waited for: it learns the
 * threads of the vCPUs, then listens to what QEMU tells of its own accord. The helper of a libvirt
 * domain reports in the same lines, with one more event (DOMAIN). A line that is too long
 * or no JSON ends it (broken), and with it the knowledge, not the guest.
 */
#ifndef LAB_GUEST_MONITOR_H
#define LAB_GUEST_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MONITOR_LINE_MOST 65536

struct monitor {
	int fd; /* owned; -1: none */
	char *line;
	size_t filled;
	bool broken;
	bool asked;
	pid_t *threads; /* by number of the vCPU */
	size_t thread_count; /* 0 until they are known */
	pid_t domain_pid;    /* of the QEMU, where another process speaks for it; 0: not */
	bool domain_kvm;
	/* What was told. */
	bool powered_off; /* the guest shut itself down */
	bool reset;	  /* or wanted to boot anew: it panicked */
	bool disk_full;	  /* and QEMU stopped it */
	char disk[64];	  /* which one */
};

/* Owns fd, which is non-blocking, from here on. -ENOMEM. */
int monitor_init(struct monitor *monitor, int fd);
void monitor_done(struct monitor *monitor);

/* Takes what there is; false when the connection has come to its end or is broken. */
bool monitor_turn(struct monitor *monitor);

/* A line of ours; false where it could not be said whole, and it is broken then. */
bool monitor_say(struct monitor *monitor, const char *line);

/* One line of QEMU's, as monitor_turn does with each. */
void monitor_take(struct monitor *monitor, const char *line, size_t size);

#endif
