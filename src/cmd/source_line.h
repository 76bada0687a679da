/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a policy's source as compilers show them. The source is a stranger's text: what is
 * not printable comes out as \xHH, and a tab as four blanks. */
#ifndef CMD_SOURCE_LINE_H
#define CMD_SOURCE_LINE_H

#include <stdbool.h>

struct cursor;
struct str;

/* The line as it is; false where the source has no such line or is NULL. */
bool source_line_find(const char *source, int line, struct cursor *ret);
/* "  12 | text", indented; nothing where the source has no such line or is NULL. */
void source_line_append(struct str *str, const char *source, int line, const char *indent);
/* Below it "     |   ^^^^" where the token stands in the line; nothing where it does not. */
void source_line_append_caret(struct str *str, const char *source, int line, const char *token,
			      const char *indent);
/* All lines. */
void source_append(struct str *str, const char *source, const char *indent);

#endif
