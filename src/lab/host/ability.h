/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this machine can do for a laboratory: which accelerator really runs Linux guests, which
 * CPUs and how much memory there are for them, which programs are installed. Read anew each time.
 */
#ifndef LAB_HOST_ABILITY_H
#define LAB_HOST_ABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum accelerator { ACCELERATOR_TCG, ACCELERATOR_KVM };

/* Where what is measured here was made. Absolute speed is concluded from the first alone. */
enum platform {
	PLATFORM_HARDWARE,    /* no hypervisor below this kernel that it knows of */
	PLATFORM_IN_VM,	      /* this kernel is itself a guest, of a hypervisor that virtualises */
	PLATFORM_EMULATED,    /* this kernel runs on an emulated processor */
};

/* "tcg", "kvm". */
const char *accelerator_name(enum accelerator accelerator);

/* False where it is none of them. */
bool accelerator_parse(const char *name, enum accelerator *ret);

/* 0 where a stock Linux kernel can be run with it. KVM: /dev/kvm opens *and* the processor shows
 * vmx or svm, because without them /dev/kvm may be there and a kernel crawl. */
int accelerator_check(enum accelerator accelerator, struct error *err);

/* KVM where it is usable, else TCG with the reason in *why (may be NULL). */
enum accelerator accelerator_choose(struct error *why);

enum platform platform_find(void);

/* "hardware", "in a VM (KVM)", "emulated (TCG)": of this machine, whatever guests are run with. */
const char *platform_text(void);

/* Where a guest of this accelerator is: "tcg", "kvm", "kvm in a VM", "kvm, emulated". */
const char *guest_platform_text(enum accelerator accelerator);

struct host_room {
	unsigned *cpus; /* that this process may use and are online, ascending */
	size_t cpu_count;
	uint64_t memory_available_bytes; /* by the kernel, and by the cgroup where that is less */
	uint64_t memory_total_bytes;
};

int host_room_read(struct host_room *ret, struct error *err);
void host_room_done(struct host_room *room);

/* What is free for this user at a path. */
int host_disk_free(const char *path, uint64_t *ret_bytes, struct error *err);

/* The program's path (free it), or -ENOENT and the package to install. NAME as in "qemu-img". */
int host_program(const char *name, char **ret_path, struct error *err);

/* A program of ours: beside this one where it is installed, at `built_at` below src where this one
 * runs in a build tree. */
int host_helper(const char *name, const char *built_at, char **ret_path, struct error *err);

#endif
