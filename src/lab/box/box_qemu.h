/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The argument vectors of QEMU and virtiofsd, and where those programs are. Everything that a
 * box is wired with is an open descriptor, so that no socket or disk has a name on this machine.
 */
#ifndef LAB_BOX_BOX_QEMU_H
#define LAB_BOX_BOX_QEMU_H

#include "lab/box/box.h"
#include "lab/host/arguments.h"

/* In the line that QEMU logs when an emulated processor cannot even tell of its own failure. */
#define BOX_TRIPLE_FAULT "Triple fault"

struct box_wiring {
	int port_fd;    /* the frames of box_wire.h */
	int console_fd; /* what the kernel says */
	int root_fd;    /* connected to the virtiofsd of / */
	const int *writable_fds;
	size_t writable_count;
	const int *disk_fds; /* as many as the spec's disks */
	uint64_t tsc_khz;    /* 0: not known; the box measures it */
};

/* -ENAMETOOLONG where the kernel's command line would not hold the path of box-init. */
int box_qemu_arguments(struct arguments *ret, const struct box_spec *spec,
		       const struct box_wiring *wiring, struct error *err);

/* listener_fd: a listening socket whose first connection is QEMU's. */
int box_virtiofsd_arguments(struct arguments *ret, const char *program, const char *directory,
			    int listener_fd, bool writable, struct error *err);

/* The first of these that can be executed, or NULL. */
const char *box_qemu_program(void);
const char *box_virtiofsd_program(void);

#endif
