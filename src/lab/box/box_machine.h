/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of a running box and our ends of what they are wired with: QEMU, and one
 * virtiofsd for the root and one for each writable directory. Between processes there are only
 * descriptors; a share's socket has a name for as long as it takes to connect to it.
 */
#ifndef LAB_BOX_MACHINE_H
#define LAB_BOX_MACHINE_H

#include "lab/box/box.h"
#include "lab/host/child.h"

struct box_machine {
	struct child qemu;
	struct child *servers; /* virtiofsd; the first serves the root */
	size_t server_count;
	int port_fd;	/* frames; the job is already in it */
	int console_fd; /* what the kernel says; non-blocking, as the two below */
	int qemu_log_fd;
	int server_log_fd;
};

/* The payload of the JOB frame, which the box reads once it has booted. */
int box_machine_start(struct box_machine *machine, const struct box_spec *spec, const void *job,
		      size_t job_size, struct error *err);

/* Kills what runs. Also where start failed halfway. */
void box_machine_done(struct box_machine *machine);

#endif
