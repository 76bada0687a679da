/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VM is in, and what keeps knobs from acting on it: state, hindrances and metadata in
 * the snapshot's texts. Nobody is asked who could be slow: a QEMU that libvirt does not run
 * tells its state only on the worker (observe/worker.h).
 */
#ifndef OBSERVE_SITUATION_H
#define OBSERVE_SITUATION_H

#include <stdbool.h>

struct observe;
struct vm;
struct watched;

/* `rarely`: also what hardly ever changes. With each cold sample. */
void situation_sample(struct observe *observe, struct watched *watched, bool rarely);
/* Asks for the state now. True: it is known; false: the worker asks in its next round. */
bool situation_ask(struct observe *observe, struct watched *watched);
/* A state as QEMU names it, in our words: "inmigrate" is migrating; NULL: runs. */
const char *situation_of_qemu(const char *status);
/* A change of it is an event. */
void situation_set_state(struct observe *observe, struct vm *vm, const char *state);

#endif
