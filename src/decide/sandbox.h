/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy's process gives up, in the order in which that is possible:
 *
 *     sandbox_enter    user, capabilities, file system, limits; no system call is left but
 *                      memory, its socket and (for a policy in C) mapping that one file
 *     sandbox_close    mapping files, too; before the policy's first turn
 *
 * The constructors of a policy in C run between the two. They can make memory, spend the time
 * limit of loading, read the file that they came from, and write to the socket, whose reader
 * believes nothing: as much as the policy itself can.
 */
#ifndef DECIDE_SANDBOX_H
#define DECIDE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* `maps_program`: the file WIRE_PROGRAM_FD is to be mapped, by the name of sandbox_program_name. */
int sandbox_enter(bool maps_program, struct error *err);
const char *sandbox_program_name(void);
int sandbox_close(struct error *err);

#endif
