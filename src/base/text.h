/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of strangers (VM names, thread names, paths) made safe to print: control characters,
 * terminal escapes, bytes that are not UTF-8, and invisible or direction-changing characters
 * come out as \xHH, the backslash as two. Every name passes here on its way to a terminal.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct str;

/* Decodes one UTF-8 character; returns its size, or 0 where the bytes are not valid UTF-8. */
size_t text_decode_utf8(const char *bytes, size_t size, unsigned *ret_character);

/* Control characters, what is invisible or changes direction, a second spelling of a line
 * break: what text_append_safe does not let through. */
bool text_deceives(unsigned character);

void text_append_safe(struct str *str, const char *bytes, size_t size);

/* The same for a sentence, parts of which may be safe already: a backslash stays one. */
void text_append_printable(struct str *str, const char *bytes, size_t size);

/* Columns that safe text takes on a terminal. */
size_t text_columns(const char *safe);

/* Copies as much as fits, always terminated; a cut never splits a UTF-8 character. */
void text_copy(char *to, size_t to_size, const char *from, size_t from_size);

/* With something before the end: ".lua" alone is no name of a policy. */
bool text_ends_with(const char *text, const char *end);

/* A copy on the heap, ended by a NUL; the bytes need none behind them. NULL when memory is out. */
char *text_duplicate(const char *bytes, size_t size);

#endif
