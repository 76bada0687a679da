/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/pressure.h"

#include "base/cursor.h"

#include <errno.h>

/* "avg10=12.34 ": per cent with two decimals, so the digits are permyriads. */
static bool pressure_take_average(struct cursor *line, const char *name, int64_t *ret)
{
	uint64_t whole, part;
	const char *point;

	cursor_skip_blanks(line);
	if (!cursor_take_text(line, name) || !cursor_take_u64(line, &whole) || whole > 100)
		return false;
	point = line->at;
	if (!cursor_take_text(line, ".") || !cursor_take_u64(line, &part) ||
	    line->at - point != 3)
		return false;
	*ret = (int64_t)(whole * 100 + part);
	return true;
}

static bool pressure_take_line(struct cursor *line, struct pressure_line *ret)
{
	struct pressure_line values;
	uint64_t total;

	if (!pressure_take_average(line, "avg10=", &values.avg10_permyriad) ||
	    !pressure_take_average(line, "avg60=", &values.avg60_permyriad) ||
	    !pressure_take_average(line, "avg300=", &values.avg300_permyriad))
		return false;
	cursor_skip_blanks(line);
	if (!cursor_take_text(line, "total=") || !cursor_take_u64(line, &total))
		return false;
	if (!cursor_at_end(line))
		return false;
	values.total_usec = total < INT64_MAX ? (int64_t)total : INT64_MAX - 1;
	*ret = values;
	return true;
}

int pressure_parse(const char *bytes, size_t size, struct pressure *ret)
{
	static const struct pressure_line absent = { FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT,
						     FIELD_ABSENT };
	struct cursor c = cursor_over(bytes, size);
	struct pressure pressure = { absent, absent };
	struct cursor line;
	bool any = false;

	/* A last line without its newline was cut, and its total with it. */
	while (cursor_take_line(&c, &line) && line.end < c.at) {
		if (cursor_take_text(&line, "some "))
			any |= pressure_take_line(&line, &pressure.some);
		else if (cursor_take_text(&line, "full "))
			any |= pressure_take_line(&line, &pressure.full);
	}
	if (!any)
		return -EINVAL;
	*ret = pressure;
	return 0;
}
