/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing vector of arguments for a program. After a failed allocation it is `failed` and takes
 * no more, so a caller adds without looking and asks once at the end. `items` ends in NULL.
 */
#ifndef LAB_HOST_ARGUMENTS_H
#define LAB_HOST_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct arguments {
	char **items;
	size_t count, capacity;
	bool failed;
};

void arguments_add(struct arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The two of an option: its name and its value as it is. */
void arguments_add_option(struct arguments *arguments, const char *name, const char *value);

/* -ENOMEM, and nothing left of them, where an argument could not be added. */
int arguments_verdict(struct arguments *arguments, struct error *err);

void arguments_done(struct arguments *arguments);

#endif
