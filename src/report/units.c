/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/units.h"

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *name;
	uint64_t usec;
} duration_units[] = {
	{ "", USEC_PER_SEC }, { "us", 1 }, { "ms", USEC_PER_MSEC }, { "s", USEC_PER_SEC },
	{ "m", 60 * USEC_PER_SEC }, { "min", 60 * USEC_PER_SEC }, { "h", 3600 * USEC_PER_SEC },
	{ "d", 86400 * USEC_PER_SEC },
};

static uint64_t duration_unit(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(duration_units); i++)
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

int units_parse_bytes(const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "KMGT";
	struct cursor at = cursor_over(text, strlen(text));
	uint64_t number, bytes, unit = 1;
	const char *place;

	if (!cursor_take_u64(&at, &number))
		return -EINVAL;
	if (!cursor_at_end(&at)) {
		place = strchr(units, *at.at);
		if (place == NULL || cursor_left(&at) != 1)
			return -EINVAL;
		unit = 1ull << (10 * (place - units + 1));
	}
	if (__builtin_mul_overflow(number, unit, &bytes) || bytes > INT64_MAX)
		return -EINVAL;
	*ret_bytes = bytes;
	return 0;
}

static void local_time(uint64_t realtime_usec, struct tm *ret)
{
	time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);

	if (localtime_r(&seconds, ret) == NULL)
		memset(ret, 0, sizeof *ret);
}

static int parse_relative(const char *text, uint64_t reference, uint64_t *ret_usec)
{
	uint64_t distance;

	if (units_parse_duration(text + 1, &distance) < 0)
		return -EINVAL;
	if (*text == '-')
		*ret_usec = distance < reference ? reference - distance : 0;
	else
		*ret_usec = reference + distance;
	return 0;
}

static bool take_field(struct cursor *c, uint64_t most, int *ret)
{
	uint64_t number;

	if (cursor_at_end(c) || *c->at < '0' || *c->at > '9' || !cursor_take_u64(c, &number) ||
	    number > most)
		return false;
	*ret = (int)number;
	return true;
}

/* "2026-03-01" and what parts it from the clock; true and nothing taken where none stands. */
static bool take_date(struct cursor *c, struct tm *tm)
{
	struct cursor at = *c;
	int year, month;

	if (!take_field(&at, 9999, &year) || !cursor_take_text(&at, "-"))
		return true;
	if (!take_field(&at, 12, &month) || !cursor_take_text(&at, "-") ||
	    !take_field(&at, 31, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	*c = at;
	return cursor_take_text(c, " ") || cursor_take_text(c, "T");
}

/* Behind the seconds: "Z", "+01:00" or "-05:30" as seconds east of Greenwich. */
static bool take_zone(struct cursor *c, long *ret_seconds)
{
	bool west = cursor_take_text(c, "-");
	int hours, minutes;

	*ret_seconds = 0;
	if (!west && cursor_take_text(c, "Z"))
		return true;
	if ((!west && !cursor_take_text(c, "+")) || !take_field(c, 23, &hours) ||
	    !cursor_take_text(c, ":") || !take_field(c, 59, &minutes))
		return false;
	*ret_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

int units_parse_time(const char *text, uint64_t reference_usec, uint64_t *ret_usec)
{
	struct cursor at = cursor_over(text, strlen(text));
	uint64_t millionths = 0;
	time_t seconds;
	struct tm tm;
	long east;

	if (*text == '-' || *text == '+')
		return parse_relative(text, reference_usec, ret_usec);
	if (*text == '@')
		return units_parse_duration(text + 1, ret_usec);
	local_time(reference_usec, &tm);
	tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (!take_date(&at, &tm) || !take_field(&at, 23, &tm.tm_hour) ||
	    !cursor_take_text(&at, ":") || !take_field(&at, 59, &tm.tm_min))
		return -EINVAL;
	if (cursor_take_text(&at, ":")) {
		if (!take_field(&at, 60, &tm.tm_sec))
			return -EINVAL;
		if (cursor_take_text(&at, "."))
			millionths = take_millionths(&at);
	}
	seconds = cursor_at_end(&at) ? mktime(&tm) : take_zone(&at, &east) ? timegm(&tm) - east : -1;
	if (!cursor_at_end(&at) || seconds < 0)
		return -EINVAL;
	*ret_usec = (uint64_t)seconds * USEC_PER_SEC + millionths;
	return 0;
}

/* Three digits and a letter: 4.0K, 18.2G, 312M. */
static void append_scaled(struct str *str, double number, double base, const char *letters)
{
	double size = fabs(number);

	if (isnan(number)) {
		str_append_char(str, '-');
		return;
	}
	if (size < 999.5) {
		str_appendf(str, "%.0f", number);
		return;
	}
	for (; size >= 999.5 && letters[1] != '\0'; letters++) {
		size /= base;
		number /= base;
	}
	str_appendf(str, "%.*f%c", size < 99.95 ? 1 : 0, number, *letters);
}

void units_append_bytes(struct str *str, double bytes)
{
	append_scaled(str, bytes, 1024, " KMGTPE");
}

void units_append_count(struct str *str, double number)
{
	append_scaled(str, number, 1000, " kMGTPE");
}

void units_append_percent(struct str *str, double percent)
{
	if (percent < 99.95)
		str_appendf(str, "%.1f", percent);
	else
		units_append_count(str, percent);
}

static void append_two(struct str *str, uint64_t number, uint64_t parts, const char *units)
{
	str_appendf(str, "%llu%c%02llu%c", (unsigned long long)(number / parts), units[0],
		    (unsigned long long)(number % parts), units[1]);
}

void units_append_duration(struct str *str, double usec)
{
	uint64_t seconds;

	if (isnan(usec) || usec < 0) {
		str_append_char(str, '-');
		return;
	}
	seconds = (uint64_t)(usec / 1e6);
	if (usec < 10e6)
		str_appendf(str, "%.2fs", usec / 1e6);
	else if (seconds < 100)
		str_appendf(str, "%.1fs", usec / 1e6);
	else if (seconds < 100 * 60)
		append_two(str, seconds, 60, "ms");
	else if (seconds < 100 * 3600)
		append_two(str, seconds / 60, 60, "hm");
	else
		append_two(str, seconds / 3600, 24, "dh");
}

void units_append_clock(struct str *str, uint64_t realtime_usec)
{
	struct tm tm;

	local_time(realtime_usec, &tm);
	str_appendf(str, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void units_append_time(struct str *str, uint64_t realtime_usec)
{
	struct tm tm;

	local_time(realtime_usec, &tm);
	str_appendf(str, "%04d-%02d-%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	units_append_clock(str, realtime_usec);
	str_appendf(str, ".%03u", (unsigned)(realtime_usec % USEC_PER_SEC / USEC_PER_MSEC));
}
