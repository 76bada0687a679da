/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what an agent says can be: it speaks of jobs that were asked for, in their order; what
 * can only grow grows, within what a machine can do; its histograms have the buckets that there
 * are; its clock does not go back, nor ahead of ours. What cannot be is told as
 * one sentence and is not kept: the next report is held against the last one that was believed.
 */
#ifndef LAB_LINK_LINK_JUDGE_H
#define LAB_LINK_LINK_JUDGE_H

#include "agent_wire.h"

#include <stdbool.h>
#include <stdint.h>

struct str;

enum link_job_state {
	LINK_JOB_NONE,
	LINK_JOB_ASKED,	 /* PREPARE was sent */
	LINK_JOB_READY,
	LINK_JOB_BEGUN,	 /* START was sent */
	LINK_JOB_RUNS,
};

struct link_job {
	enum link_job_state state;
	uint64_t nsec, sequence; /* of the last report; sequence: of the next */
	uint64_t operations, bytes, errors, lost;
};

struct link_judge {
	struct link_job jobs[AGENT_JOB_MAX + 1];
	unsigned counts_asked; /* COUNT that are not answered */
	unsigned freezes_asked;
	uint64_t counters_nsec, counters_present;
	uint64_t counters[AGENT_COUNTER_COUNT];
};

enum link_verdict {
	LINK_BELIEVED,
	LINK_OLD_NEWS,	/* of a job that has ended already: of no interest */
	/* From here on `why` has the sentence. */
	LINK_DOUBTED,	/* it did not happen, or what it counts is wrong */
	LINK_UNSTAMPED, /* it happened, but not when it says */
	LINK_BROKEN,	/* the job has ended, without an end that can be believed */
};

/* `future_nsec`: stamps of the guest from here on lie ahead of our clock. */
enum link_verdict link_judge_message(struct link_judge *judge, const struct agent_message *message,
				     uint64_t future_nsec, struct str *why);

/* What the host says is kept as well: false where it cannot say it now. */
bool link_judge_command(struct link_judge *judge, enum agent_kind kind, uint16_t job);

#endif
