/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of `truce ksm tune`: what it does from now on, why, and what that has brought so far. */
#ifndef CMD_KSM_TUNE_TOLD_H
#define CMD_KSM_TUNE_TOLD_H

#include <stdint.h>

struct str;
struct tune_seen;

struct ksm_tune_told {
	const char *event; /* "phase", "drift", "end" */
	const char *phase; /* tune_phase_name */
	const char *why;   /* a sentence */
	uint64_t realtime_usec;
	uint64_t pages, sleep_msec; /* pages 0: ksmd stands still */
	const struct tune_seen *begin, *now;
	uint64_t page_bytes;
};

void ksm_tune_append_line(const struct ksm_tune_told *told, struct str *out);
/* truce.ksm-tune/1 (doc/format/ksm-tune-json.md) */
void ksm_tune_append_json(const struct ksm_tune_told *told, struct str *out);

#endif
