/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the running program stands, and its helper truce-decide. */
#ifndef DECIDE_PLACE_H
#define DECIDE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* The directory of the running program, without its last slash. */
bool place_own_directory(char *ret, size_t size);
/* truce-decide: where TRUCE_LIBEXEC says, beside the running program, in the build tree, in
 * libexec. -ENOENT with a sentence. */
int place_decide(char *ret, size_t size, struct error *err);

#endif
