/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which VMs there are: scans of /proc, KVM's events, ends of processes. Everything that enters
 * or leaves the list of VMs does it here.
 */
#ifndef OBSERVE_FIND_H
#define OBSERVE_FIND_H

#include "observe/observer.h"

/* Every VM of every process; what is no longer there leaves. Negative only for lack of memory
 * or when /proc itself cannot be listed. */
int find_all(struct observe *observe);
/* Guests that KVM knows nothing of. */
int find_without_kvm(struct observe *observe);
int find_created(struct observe *observe, const struct root_event *event);
void find_destroyed(struct observe *observe, const struct root_event *event);
/* The process ended: its VMs leave, and its pid may be another's from now on. */
void find_exited(struct observe *observe, pid_t pid);
/* Name, uuid, program, owner, as the process tells them now; a new name is an event. */
void find_describe(struct observe *observe, struct watched *watched);
void find_done(struct observe *observe);

#endif
