/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cursor over bytes that the kernel (or a stranger) wrote: parsing without copies, without
 * sscanf, never past `end`. The inline functions are the hot path of every tick.
 * A take_ function returns false, and leaves the cursor where the mistake is, when what it
 * wants is not there.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const char *at;
	const char *end;
};

static inline struct cursor cursor_over(const char *bytes, size_t size)
{
	return (struct cursor){ bytes, bytes + size };
}

static inline bool cursor_at_end(const struct cursor *c)
{
	return c->at >= c->end;
}

static inline void cursor_skip_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

/* An unsigned decimal after blanks; saturates at UINT64_MAX. */
static inline bool cursor_take_u64(struct cursor *c, uint64_t *ret)
{
	uint64_t number = 0;
	const char *start;

	cursor_skip_blanks(c);
	start = c->at;
	while (c->at < c->end && (unsigned char)(*c->at - '0') <= 9) {
		unsigned digit = (unsigned char)(*c->at - '0');

		if (__builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			number = UINT64_MAX;
		c->at++;
	}
	if (c->at == start)
		return false;
	*ret = number;
	return true;
}

/* A decimal with an optional minus, held within int64_t. */
static inline bool cursor_take_i64(struct cursor *c, int64_t *ret)
{
	uint64_t number;
	bool negative;

	cursor_skip_blanks(c);
	negative = c->at < c->end && *c->at == '-';
	if (negative)
		c->at++;
	if (!cursor_take_u64(c, &number))
		return false;
	if (number > INT64_MAX)
		number = INT64_MAX;
	*ret = negative ? -(int64_t)number : (int64_t)number;
	return true;
}

/* Blanks, then bytes up to the next blank or newline: the word, not NUL-terminated. */
static inline bool cursor_take_word(struct cursor *c, const char **ret_word, size_t *ret_size)
{
	cursor_skip_blanks(c);
	*ret_word = c->at;
	while (c->at < c->end && *c->at != ' ' && *c->at != '\t' && *c->at != '\n')
		c->at++;
	*ret_size = (size_t)(c->at - *ret_word);
	return *ret_size > 0;
}

/* Exactly this text, here. */
static inline bool cursor_take_text(struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(c->end - c->at) < size || memcmp(c->at, text, size) != 0)
		return false;
	c->at += size;
	return true;
}

static inline void cursor_skip_words(struct cursor *c, unsigned count)
{
	const char *word;
	size_t size;

	while (count-- > 0 && cursor_take_word(c, &word, &size))
		;
}

/* The line without its newline; the cursor then stands at the next one. False at the end. */
static inline bool cursor_take_line(struct cursor *c, struct cursor *ret_line)
{
	const char *newline;

	if (cursor_at_end(c))
		return false;
	newline = memchr(c->at, '\n', (size_t)(c->end - c->at));
	ret_line->at = c->at;
	ret_line->end = newline != NULL ? newline : c->end;
	c->at = newline != NULL ? newline + 1 : c->end;
	return true;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

#endif
