/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that the kernel may or may not give, and files of one "name value" a line.
 * Absent is not zero: a field that was not there is FIELD_ABSENT; "max" (no limit) is
 * FIELD_UNLIMITED. A span points into the bytes that were parsed and lives as long as they.
 */
#ifndef SYS_FIELD_H
#define SYS_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIELD_ABSENT INT64_MIN
#define FIELD_UNLIMITED INT64_MAX

struct span {
	const char *at;
	size_t size;
};

/* A line's name, where its number goes (an int64_t in the struct), and what it is times. */
struct field {
	const char *name;
	unsigned short name_size;
	unsigned short offset;
	int factor;
};

#define FIELD(type, member, name, factor) { name, sizeof name - 1, offsetof(type, member), factor }

static inline bool field_present(int64_t number)
{
	return number != FIELD_ABSENT;
}

/* Products and sums of field numbers stop at the ends: INT64_MAX - 1 is the largest number. */
int64_t field_times(int64_t number, int64_t factor);

/*
 * Lines "NAME: 12 kB" or "NAME 12" in any order, unknown ones skipped. All fields of `to` that
 * the table names are set, to FIELD_ABSENT where the line is missing. Returns how many were found.
 */
size_t field_parse_lines(const char *bytes, size_t size, const struct field *fields, size_t count,
			 void *to);

/* One number, "max", or v1's enormous limit: the last two are FIELD_UNLIMITED. -EINVAL. */
int field_parse_number(const char *bytes, size_t size, int64_t *ret);

bool span_equals(struct span span, const char *text);
bool span_starts_with(struct span span, const char *text);
/* Without blanks and newlines at the end. */
struct span span_trimmed(const char *bytes, size_t size);

#endif
