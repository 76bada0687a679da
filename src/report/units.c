/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/units.h"

#include "base/cursor.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	uint64_t usec;
} duration_units[] = {
	{ "", 1000000 }, { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 },
	{ "min", 60000000 }, { "h", 3600000000 }, { "d", 86400000000 },
};

static uint64_t duration_unit(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof duration_units / sizeof *duration_units; i++)
		if (strcmp(duration_units[i].name, name) == 0)
			return duration_units[i].usec;
	return 0;
}

/* Digits behind the point, as millionths. */
static uint64_t take_millionths(struct cursor *c)
{
	uint64_t place = 100000, sum = 0;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		sum += (uint64_t)(*c->at - '0') * place;
		place /= 10;
	}
	return sum;
}

int units_parse_duration(const char *text, uint64_t *ret_usec)
{
	struct cursor at = cursor_over(text, strlen(text));
	uint64_t whole, millionths = 0, unit, usec;

	if (*text < '0' || *text > '9' || !cursor_take_u64(&at, &whole))
		return -EINVAL;
	if (cursor_take_text(&at, "."))
		millionths = take_millionths(&at);
	unit = duration_unit(at.at);
	if (unit == 0 || __builtin_mul_overflow(whole, unit, &usec) || usec > INT64_MAX / 2)
		return -EINVAL;
	*ret_usec = usec + (uint64_t)((unsigned __int128)millionths * unit / 1000000);
	return 0;
}
