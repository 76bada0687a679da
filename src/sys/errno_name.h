/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel failures as words: "EACCES" <-> EACCES, in captures and in fault rules. */
#ifndef SYS_ERRNO_NAME_H
#define SYS_ERRNO_NAME_H

#include <stddef.h>

/* The positive number, or 0 for a word that names no failure. */
int errno_from_name(const char *name, size_t size);
/* Of a negative or positive number; "EIO" for one without a name. */
const char *errno_name(int code);

#endif
