/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte string. After a failed allocation it is `failed` and takes no more, so a
 * caller appends without looking and asks once at the end. Kept NUL-terminated.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *data;
	size_t length;
	size_t capacity;
	bool failed;
};

void str_init(struct str *str);
void str_append(struct str *str, const char *text);
void str_append_bytes(struct str *str, const void *bytes, size_t size);
void str_append_char(struct str *str, char c);
void str_append_int(struct str *str, int64_t number);
void str_appendf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes the length this, whatever the new bytes then are; false when memory is out. */
bool str_resize(struct str *str, size_t length);
/* Keeps the memory, forgets the text: a loop that reuses a str allocates only while it grows. */
void str_clear(struct str *str);
/* Hands the text over (free it); NULL where an append failed. The str is empty afterwards. */
char *str_take(struct str *str);
void str_done(struct str *str);

#endif
