/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program that was run says it did, taken from its output: fio's and iperf3's JSON, or
 * lines by a rule. It is a stranger's text: bounded, and never more than text. A number that is
 * negative, no number or too large counts as nothing.
 */
#ifndef WORK_COMMAND_SAID_H
#define WORK_COMMAND_SAID_H

#include "work/work.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

#define SAID_RESULTS_MOST 32u
#define SAID_BYTES_MOST (16u << 20) /* of one document */

struct command_said {
	struct work_counts counts; /* up to now, not since the last time */
	struct work_result results[SAID_RESULTS_MOST];
	unsigned result_count;
	bool has_latency; /* fio's json+ has every bucket */
	struct histogram latency;
	uint64_t block;    /* iperf3's, where its start was told apart */
	char failure[200]; /* the program's own sentence; "": none */
};

void said_result(struct command_said *said, const char *name, double value);

/* Where the first whole JSON object ends; 0 while there is none. *ret_begin: where it begins. */
size_t said_object_end(const char *bytes, size_t size, size_t *ret_begin);
/* One such object. -EBADMSG: it is not what that program says. */
int said_take_fio(struct command_said *said, const char *bytes, size_t size, struct error *err);
int said_take_iperf3(struct command_said *said, const char *bytes, size_t size, struct error *err);

#endif
