/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ksm_tune_told.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "ksm/tune.h"
#include "report/json.h"
#include "report/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MB 1e6

static int64_t merged_bytes(const struct ksm_tune_told *told)
{
	return ((int64_t)told->now->saved_pages - (int64_t)told->begin->saved_pages) *
	       (int64_t)told->page_bytes;
}

static uint64_t ksmd_usec(const struct ksm_tune_told *told)
{
	return told->now->ksmd_usec > told->begin->ksmd_usec ?
		told->now->ksmd_usec - told->begin->ksmd_usec : 0;
}

/* NAN as long as ksmd did nothing, and where more parted than merged: that was not ksmd's doing. */
static double mb_per_cpu_second(const struct ksm_tune_told *told)
{
	uint64_t usec = ksmd_usec(told);

	if (usec == 0 || merged_bytes(told) < 0)
		return NAN;
	return (double)merged_bytes(told) / MB / ((double)usec / USEC_PER_SEC);
}

static bool is_end(const struct ksm_tune_told *told)
{
	return strcmp(told->event, "end") == 0;
}

static void append_figures(const struct ksm_tune_told *told, struct str *out)
{
	double worth = mb_per_cpu_second(told);

	str_appendf(out, "; %.1f MB saved, %+.1f since the begin, for %.2f s of ksmd's CPU time",
		    (double)(told->now->saved_pages * told->page_bytes) / MB, (double)merged_bytes(told) / MB,
		    (double)ksmd_usec(told) / USEC_PER_SEC);
	if (!isnan(worth))
		str_appendf(out, " (%.0f MB a CPU-second)", worth);
}

void ksm_tune_append_line(const struct ksm_tune_told *told, struct str *out)
{
	units_append_clock(out, told->realtime_usec);
	str_appendf(out, "  %-5s  ", strcmp(told->event, "phase") == 0 ? told->phase : told->event);
	text_append_printable(out, told->why, strlen(told->why));
	if (is_end(told)) {
		/* nothing is set any more */
	} else if (told->pages == 0) {
		str_append(out, ": ksmd stands still");
	} else {
		str_appendf(out, ": %" PRIu64 " pages, then %" PRIu64 " ms of sleep", told->pages,
			    told->sleep_msec);
	}
	append_figures(told, out);
	str_append_char(out, '\n');
}

static void append_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

/* null where there is none. */
static void append_number(struct json *json, const char *key, bool is_there, uint64_t number)
{
	json_key(json, key);
	if (is_there)
		json_uint(json, number);
	else
		json_nothing(json);
}

static void append_json_figures(const struct ksm_tune_told *told, struct json *json)
{
	append_number(json, "saved_bytes", true, told->now->saved_pages * told->page_bytes);
	json_key(json, "merged_bytes");
	json_int(json, merged_bytes(told));
	append_number(json, "mergeable_bytes", told->now->mergeable_pages > 0,
		      told->now->mergeable_pages * told->page_bytes);
	append_number(json, "ksmd_cpu_usec", true, ksmd_usec(told));
	json_key(json, "mb_per_cpu_second");
	json_tenths(json, mb_per_cpu_second(told));
}

void ksm_tune_append_json(const struct ksm_tune_told *told, struct str *out)
{
	bool runs = !is_end(told) && told->pages > 0;
	struct json json;

	json_begin(&json, out);
	json_object_begin(&json);
	append_text(&json, "schema", "truce.ksm-tune/1");
	json_key(&json, "time");
	json_time(&json, told->realtime_usec);
	append_text(&json, "event", told->event);
	append_text(&json, "phase", told->phase);
	append_text(&json, "why", told->why);
	append_number(&json, "pages_to_scan", runs, told->pages);
	append_number(&json, "sleep_millisecs", runs, told->sleep_msec);
	append_json_figures(told, &json);
	json_object_end(&json);
	str_append_char(out, '\n');
}
