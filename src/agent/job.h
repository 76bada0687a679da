/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One workload that the host asked for, from PREPARE to the one message that is its last: DONE or
 * FAILURE. It says what there is to say when it is asked for it, one message at a time; a report
 * that could not be sent is not made, and the next one has what it would have had.
 */
#ifndef AGENT_JOB_H
#define AGENT_JOB_H

#include "agent_wire.h"
#include "work/histogram.h"

struct error;
struct work;

struct job {
	struct work *work; /* NULL: there is no such job */
	uint16_t number;
	int state; /* enum work_state, as it was when it was looked at */
	bool told_prepared, told_started, stopping;
	uint64_t report_nsec, next_report_nsec;
	uint64_t sequence, last_nsec;
	struct histogram told;
	char text[AGENT_TEXT_MAX]; /* of the message it said last */
};

int job_prepare(struct job *job, const struct agent_message *message, struct error *err);
int job_start(struct job *job, uint64_t at_nsec, uint64_t now_nsec, struct error *err);
void job_stop(struct job *job);
void job_done(struct job *job);

/* Before job_next: whether its descriptor told of something new. */
void job_look(struct job *job, bool told);

/* Its next message, if there is one; after DONE or FAILURE the job is no more. */
bool job_next(struct job *job, uint64_t now_nsec, bool may_report, struct agent_message *ret);

/* When it has something to say without its descriptor telling so; UINT64_MAX: never. */
uint64_t job_deadline(const struct job *job);

#endif
