/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/field.h"

#include "base/cursor.h"

#include <errno.h>

/* v1 writes "no limit" as the largest number of whole pages: near 2^63, whatever a page is. */
#define FIELD_V1_UNLIMITED (1ll << 62)

int64_t field_times(int64_t number, int64_t factor)
{
	int64_t product;

	if (number == FIELD_ABSENT || number == FIELD_UNLIMITED)
		return number;
	if (__builtin_mul_overflow(number, factor, &product) || product > INT64_MAX - 1)
		return (number < 0) == (factor < 0) ? INT64_MAX - 1 : INT64_MIN + 1;
	return product > INT64_MIN ? product : INT64_MIN + 1;
}

static void field_put(void *to, const struct field *field, int64_t number)
{
	memcpy((char *)to + field->offset, &number, sizeof number);
}

static int64_t field_of(const void *to, const struct field *field)
{
	int64_t number;

	memcpy(&number, (const char *)to + field->offset, sizeof number);
	return number;
}

/* The kernel writes lines in a fixed order: the search starts behind the field found last. */
static const struct field *field_match(struct cursor line, const struct field *fields,
				       size_t count, size_t *at)
{
	size_t size = cursor_left(&line);
	size_t tried;

	for (tried = 0; tried < count; tried++) {
		size_t index = *at + tried < count ? *at + tried : *at + tried - count;
		const struct field *field = &fields[index];
		char next;

		if (size <= field->name_size || line.at[0] != field->name[0] ||
		    memcmp(line.at, field->name, field->name_size) != 0)
			continue;
		next = line.at[field->name_size];
		if (next != ':' && next != ' ' && next != '\t')
			continue;
		*at = index + 1 < count ? index + 1 : 0;
		return field;
	}
	return NULL;
}

static bool field_take_number(struct cursor *line, int64_t *ret)
{
	int64_t number;

	if (!cursor_at_end(line) && *line->at == ':')
		line->at++;
	if (!cursor_take_i64(line, &number))
		return false;
	if (!cursor_at_end(line) && *line->at != ' ' && *line->at != '\t')
		return false;
	*ret = number < INT64_MAX ? number : INT64_MAX - 1;
	return true;
}

/* A last line without its newline was cut: its number may be, too. */
static bool field_take_whole_line(struct cursor *c, struct cursor *ret_line)
{
	return cursor_take_line(c, ret_line) && ret_line->end < c->at;
}

size_t field_parse_lines(const char *bytes, size_t size, const struct field *fields, size_t count,
			 void *to)
{
	struct cursor c = cursor_over(bytes, size);
	struct cursor line;
	size_t found = 0;
	size_t at = 0;
	size_t i;

	for (i = 0; i < count; i++)
		field_put(to, &fields[i], FIELD_ABSENT);
	while (field_take_whole_line(&c, &line)) {
		const struct field *field = field_match(line, fields, count, &at);
		int64_t number;

		if (field == NULL)
			continue;
		line.at += field->name_size;
		if (!field_take_number(&line, &number))
			continue;
		found += field_of(to, field) == FIELD_ABSENT;
		field_put(to, field, field_times(number, field->factor));
	}
	return found;
}

int field_parse_number(const char *bytes, size_t size, int64_t *ret)
{
	struct span word = span_trimmed(bytes, size);
	struct cursor c = cursor_over(word.at, word.size);
	int64_t number;

	if (span_equals(word, "max")) {
		*ret = FIELD_UNLIMITED;
		return 0;
	}
	if (!cursor_take_i64(&c, &number) || !cursor_at_end(&c))
		return -EINVAL;
	*ret = number >= FIELD_V1_UNLIMITED ? FIELD_UNLIMITED : number;
	return 0;
}

bool span_equals(struct span span, const char *text)
{
	return span.size == strlen(text) && memcmp(span.at, text, span.size) == 0;
}

bool span_starts_with(struct span span, const char *text)
{
	size_t size = strlen(text);

	return span.size >= size && memcmp(span.at, text, size) == 0;
}

struct span span_trimmed(const char *bytes, size_t size)
{
	while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == ' ' ||
			    bytes[size - 1] == '\t'))
		size--;
	return (struct span){ bytes, size };
}
