/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell patterns on whole texts: `*` any bytes (slashes too), `?` one, `[a-z]` and `[!a-z]` one
 * of a set, `\` takes the next as it is. The time is at most size of text times size of pattern,
 * whoever wrote them; the C library's fnmatch makes no such promise.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>

bool glob_matches(const char *pattern, const char *text);

#endif
