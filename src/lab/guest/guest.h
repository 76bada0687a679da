/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VM of an experiment: QEMU with the built-in image (a stock kernel and the agent as its
 * first process) or a user's disk image, or a libvirt domain. It dies with the thread that
 * started it, however that ends, and leaves nothing behind: its disks, sockets and images are
 * descriptors.
 *
 *     guest_new; a link over guest_channel; poll guest_fd; guest_turn; ...; guest_free
 *
 * A guest is up when the agent has greeted over the channel and guest_is_settled.
 */
#ifndef LAB_GUEST_GUEST_H
#define LAB_GUEST_GUEST_H

#include "lab/guest/guest_plan.h"

struct error;
struct guest;

/* Checks the plan and starts the machine; returns before it has booted. */
int guest_new(const struct guest_plan *plan, struct guest **ret, struct error *err);

/* Ends it at once, where it still runs. */
void guest_free(struct guest *guest);

/* A stream to and from its agent, non-blocking; the caller's from here on. -1 the second time. */
int guest_take_channel(struct guest *guest);

/* Readable (POLLIN) when guest_turn has something to do. */
int guest_fd(const struct guest *guest);

/* 0 while it runs. -ESHUTDOWN: it ended as a guest ends that powers off. Else it died, and the
 * sentence has its last words: QEMU's, the kernel's panic; -ENOSPC: a host's disk that is full,
 * -ENXIO: a domain that cannot be a guest, now or again. It says the same again when asked again. */
int guest_turn(struct guest *guest, struct error *err);

/* Its threads are known and pinned as the plan wants. */
bool guest_is_settled(const struct guest *guest);

/* Its vCPUs and all its other threads onto these CPUs: `alone`, the n-th vCPU on the n-th only
 * where there are enough of them; else all on all. Any time; at once where it is settled. */
int guest_pin(struct guest *guest, const unsigned *cpus, size_t count, bool alone,
	      struct error *err);

/* Of the process that is this VM, as `observe` finds it; 0: it is no more. */
pid_t guest_pid(const struct guest *guest);

/* What runs it: as the plan says, or as a settled domain's own configuration does. */
enum accelerator guest_accelerator(const struct guest *guest);

const char *guest_name(const struct guest *guest);

/* From the start of QEMU on, CLOCK_MONOTONIC. */
uint64_t guest_started_usec(const struct guest *guest);

/* What its console said last, safe to print; valid until the next turn. May be empty. */
const char *guest_last_words(struct guest *guest);

#endif
