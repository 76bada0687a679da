/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and times as people write and read them. Output is C locale and short enough for a
 * column; NAN is what is absent, and comes out as "-". Days and hours are of the time zone that
 * the process has.
 */
#ifndef REPORT_UNITS_H
#define REPORT_UNITS_H

#include <stdint.h>

struct str;

/* "200ms", "1s", "1.5h", "2d", "90": seconds where no unit stands. -EINVAL. */
int units_parse_duration(const char *text, uint64_t *ret_usec);
/* "512M", "2G", "1T"; 1K is 1024; a bare number: bytes. -EINVAL. */
int units_parse_bytes(const char *text, uint64_t *ret_bytes);
/* "14:05", "14:05:30" (of the day of `reference`), "2026-03-01 14:05", "2026-03-01T14:05:30",
 * "2026-03-01T14:05:30.5Z" or with "+01:00", "@seconds" after 1970, "-5m" and "+30s" from
 * `reference`. -EINVAL. */
int units_parse_time(const char *text, uint64_t reference_usec, uint64_t *ret_usec);

/* 5 columns at most: "512", "4.0K", "18.2G", "312M"; 1K is 1024. */
void units_append_bytes(struct str *str, double bytes);
/* 5 columns at most: "312", "12.3k", "4.0M"; 1k is 1000. */
void units_append_count(struct str *str, double number);
/* "0.3", "63.1", "812", "12.3k". */
void units_append_percent(struct str *str, double percent);
/* 7 columns at most: "0.25s", "12.3s", "12m34s", "12h34m", "123d04h". */
void units_append_duration(struct str *str, double usec);
/* "14:05:30" and "2026-03-01 14:05:30.123". */
void units_append_clock(struct str *str, uint64_t realtime_usec);
void units_append_time(struct str *str, uint64_t realtime_usec);

#endif
