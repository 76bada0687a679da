/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The box: a QEMU machine that boots a stock Debian kernel on this machine's own root file
 * system, shared read-only, and runs one command in it as root. The command's stdout and stderr
 * come back live and apart, and its exit status exactly.
 *
 * A box is used by one thread: the one that calls box_run. Its processes (QEMU and one virtiofsd
 * a share) die with that thread, and box_run leaves none behind however it returns.
 */
#ifndef LAB_BOX_BOX_H
#define LAB_BOX_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct box;
struct error;

enum box_accel {
	BOX_ACCEL_TCG, /* emulated: slow, the same on every machine */
	BOX_ACCEL_KVM, /* needs /dev/kvm and a processor that shows vmx or svm */
};

/* Everything is borrowed and must outlive the box. Lists end in NULL; a NULL list is empty. */
struct box_spec {
	const char *const *command;	/* looked up in the box's PATH */
	const char *const *environment; /* NAME=VALUE, beside PATH, HOME, LANG */
	const char *directory;		/* the command's working directory, absolute */
	const char *const *writables;	/* directories of this machine, writable in the box too */
	const char *const *modules;	/* NAME [PARAMETER=VALUE ...], loaded in this order */
	const uint64_t *disk_bytes;	/* empty virtio disks: /dev/vda, /dev/vdb, ... */
	size_t disk_count;
	unsigned cpus;
	uint64_t memory_bytes;
	enum box_accel accel;
	bool nested_kvm;	 /* /dev/kvm inside, by the module that fits the processor */
	bool systemd;		 /* as the first process, on a root that forgets what is written */
	const char *kernel;	 /* a bootable image */
	const char *initrd;	 /* for a kernel without virtiofs built in (tools/box-initrd); NULL */
	const char *modules_dir; /* has lib/modules/RELEASE; NULL: no modules can be loaded */
	const char *init;	 /* box-init; NULL: the one that belongs to this program */
	uint64_t timeout_usec;	 /* from the start of QEMU on; 0: none */
	int stdout_fd, stderr_fd;
	int console_fd; /* a file that gets what the kernel says; -1: none */
	int cancel_fd; /* the box ends when this becomes readable; -1: none */
};

#define BOX_MEMORY_LEAST_BYTES (256ull << 20)
#define BOX_CPUS_MOST 255u
#define BOX_DISKS_MOST 26u

/* 0 where this machine can boot a box of this accelerator, else the reason and what to install:
 * programs, privileges, processor; not the kernel, which boot_kernel.h finds. */
int box_check(enum box_accel accel, struct error *err);

/* Checks the spec; starts nothing. */
int box_new(struct box **ret_box, const struct box_spec *spec, struct error *err);

/* Boots (up to three times, where the kernel dies before the command began), runs the command, ends
 * the box. *ret_status: its exit code, or 128 + signal; 126 and 127
 * where it cannot be executed or is not there. -ETIMEDOUT, -ECANCELED, or else the box itself
 * failed; nothing of it is left in any case. */
int box_run(struct box *box, int *ret_status, struct error *err);

void box_free(struct box *box);

#endif
