/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The argument vector of a guest's QEMU. Everything that a guest is wired with is an open
 * descriptor, so that no disk or socket of it has a name, but for a monitor that was asked for.
 */
#ifndef LAB_GUEST_GUEST_QEMU_H
#define LAB_GUEST_GUEST_QEMU_H

#include "lab/guest/guest_plan.h"
#include "lab/host/arguments.h"

/* Of the monitors and of what a guest's agent opens. */
#define GUEST_EXPORT_SIZE 32

struct guest_wire_disk {
	int fd;
	char export[GUEST_EXPORT_SIZE]; /* fd is connected to a storage daemon; "": it is a file */
};

struct guest_wiring {
	const char *program; /* QEMU */
	int channel_fd, console_fd, monitor_fd;
	int root_fd;	     /* the layer over an image; -1: none */
	int initramfs_fd;    /* -1: none */
	const char *words;   /* the kernel's command line */
	const char *monitor_path; /* of the monitor for others; NULL: none */
	struct guest_wire_disk disks[GUEST_DISKS_MOST];
};

int guest_qemu_arguments(struct arguments *ret, const struct guest_plan *plan,
			 const struct guest_wiring *wiring, struct error *err);

#endif
