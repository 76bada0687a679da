/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failure is a negative errno. Where a person must act on it, the last parameter is a
 * `struct error *` that carries one sentence: what, where (path, line, value), what to do.
 * `err` may be NULL: then only the code is returned.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
	int code; /* negative errno, 0 while nothing failed */
	char text[512];
};

/* Fills *err and returns code, so that `return error_set(err, -EINVAL, ...)` reads well. */
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, with ": strerror(-code)" behind the sentence. */
int error_errno(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the sentence that is there already; keeps the code. */
int error_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
