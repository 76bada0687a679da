/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What truced tells of the VMs, for list and top: their class, what was adjusted last, and why.
 * It is asked without waiting; where no truced runs, that costs one failed connect a time. An
 * answer that is late is taken at the next look, and one that never comes is forgotten.
 *
 *     told_new -> { told_ask, ..., told_take }* -> told_free
 */
#ifndef CMD_TOLD_H
#define CMD_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot;
struct told;
struct vms_told;

struct told *told_new(void); /* NULL: no memory */
void told_free(struct told *told);
/* Asks, unless an answer is still to come. Whether truced is there. */
bool told_ask(struct told *told);
/* Takes the answer when it is there, or comes within that time. */
void told_take(struct told *told, uint64_t wait_usec);
/* What was told last; NULL: nothing, or too long ago. Valid until the next call. */
const struct vms_told *told_vms(const struct told *told);
/* Writes the classes into the snapshot's VMs. */
void told_fill(const struct told *told, struct snapshot *snapshot);

/* One answer to {"do":"vms"}; false: it is none. For tests. */
bool told_parse(const char *bytes, size_t size, struct vms_told *ret);

#endif
