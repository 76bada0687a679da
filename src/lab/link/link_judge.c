/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/link/link_judge.h"

#include "base/str.h"
#include "work/histogram.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static enum link_verdict doubt(struct str *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static enum link_verdict doubt(struct str *why, const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	str_append(why, text);
	return LINK_DOUBTED;
}

static enum link_verdict stamp_judge(uint64_t nsec, uint64_t future_nsec, struct str *why)
{
	if (nsec <= future_nsec)
		return LINK_BELIEVED;
	doubt(why, "what it tells is to happen in %" PRIu64 " us", (nsec - future_nsec) / 1000);
	return LINK_UNSTAMPED;
}

/* A job that goes from one state to the next by what the agent says. */
static enum link_verdict step_judge(struct link_job *job, unsigned number, enum link_job_state from,
				    const char *what, uint64_t nsec, uint64_t future_nsec,
				    struct str *why)
{
	enum link_verdict verdict;

	if (job->state != from)
		return doubt(why, "it says that job %u %s, which nobody asked for", number, what);
	verdict = stamp_judge(nsec, future_nsec, why);
	job->state = from + 1;
	job->nsec = verdict == LINK_BELIEVED ? nsec : 0;
	return verdict;
}

/* The name of a count that went back, or NULL. */
static const char *count_gone_back(const struct link_job *job, const struct agent_progress *now)
{
	if (now->operations < job->operations)
		return "operations";
	if (now->bytes < job->bytes)
		return "bytes";
	if (now->errors < job->errors)
		return "errors";
	return now->lost < job->lost ? "lost" : NULL;
}

/* No machine does as much, and no file of experiments takes it. */
#define COUNT_MOST (UINT64_C(1) << 60)

static bool counts_too_much(const struct agent_progress *now)
{
	return now->operations >= COUNT_MOST || now->bytes >= COUNT_MOST ||
	       now->errors >= COUNT_MOST || now->lost >= COUNT_MOST;
}

/* Buckets ascend: the last one is the largest. */
static bool times_beyond_the_last(const struct agent_progress *now)
{
	return now->bucket_count > 0 &&
	       now->buckets[now->bucket_count - 1].index >= HISTOGRAM_BUCKETS;
}

static enum link_verdict order_judge(const struct link_job *job, unsigned number,
				     const struct agent_progress *now, struct str *why)
{
	const char *back = count_gone_back(job, now);

	if (now->sequence != job->sequence)
		return doubt(why, "report %" PRIu64 " of job %u is called %" PRIu64, job->sequence,
			     number, now->sequence);
	if (now->nsec < job->nsec)
		return doubt(why, "its clock went back by %" PRIu64 " us between reports of job %u",
			     (job->nsec - now->nsec) / 1000, number);
	if (back != NULL)
		return doubt(why, "the %s of job %u went back", back, number);
	if (counts_too_much(now))
		return doubt(why, "job %u counts more than can be", number);
	if (times_beyond_the_last(now))
		return doubt(why, "job %u times what no histogram has", number);
	return LINK_BELIEVED;
}

static void progress_keep(struct link_job *job, const struct agent_progress *now)
{
	job->operations = now->operations;
	job->bytes = now->bytes;
	job->errors = now->errors;
	job->lost = now->lost;
}

static enum link_verdict progress_judge(struct link_job *job, const struct agent_message *message,
					uint64_t future_nsec, struct str *why)
{
	const struct agent_progress *now = &message->progress;
	bool done = message->kind == AGENT_DONE;

	if (job->state == LINK_JOB_NONE || (job->state != LINK_JOB_RUNS && !done))
		return doubt(why, "it reports on job %u, which does not run", message->job);
	if (done)
		job->state = LINK_JOB_NONE;
	if (stamp_judge(now->nsec, future_nsec, why) == LINK_BELIEVED &&
	    order_judge(job, message->job, now, why) == LINK_BELIEVED)
		progress_keep(job, now);
	/* A report that is missing, or a clock that was set back, is told of once. */
	job->sequence = now->sequence + 1;
	job->nsec = now->nsec <= future_nsec ? now->nsec : job->nsec;
	if (why->length == 0)
		return LINK_BELIEVED;
	return done ? LINK_BROKEN : LINK_DOUBTED;
}

static enum link_verdict failure_judge(struct link_judge *judge, uint16_t job)
{
	if (job == 0)
		return LINK_BELIEVED;
	if (judge->jobs[job].state == LINK_JOB_NONE)
		return LINK_OLD_NEWS;
	judge->jobs[job].state = LINK_JOB_NONE;
	return LINK_BELIEVED;
}

/* The first of the counters that went back, or AGENT_COUNTER_COUNT. */
static unsigned counter_gone_back(const struct link_judge *judge,
				  const struct agent_message *message)
{
	uint64_t known = judge->counters_present & message->counters.present &
			 ~AGENT_COUNTERS_THAT_SINK;
	unsigned i;

	for (i = 0; i < AGENT_COUNTER_COUNT; i++)
		if (known >> i & 1 &&
		    message->counters.values[i] < judge->counters[i])
			return i;
	return AGENT_COUNTER_COUNT;
}

static void counters_keep(struct link_judge *judge, const struct agent_message *message)
{
	unsigned i;

	for (i = 0; i < AGENT_COUNTER_COUNT; i++)
		if (message->counters.present >> i & 1)
			judge->counters[i] = message->counters.values[i];
	judge->counters_present |= message->counters.present;
}

static enum link_verdict counters_judge(struct link_judge *judge,
					const struct agent_message *message, uint64_t future_nsec,
					struct str *why)
{
	unsigned back = counter_gone_back(judge, message);

	if (judge->counts_asked == 0)
		return doubt(why, "it counts without being asked");
	judge->counts_asked--;
	if (stamp_judge(message->counters.nsec, future_nsec, why) != LINK_BELIEVED)
		return LINK_DOUBTED;
	if (message->counters.nsec < judge->counters_nsec)
		doubt(why, "its clock went back by %" PRIu64 " us between counters",
		      (judge->counters_nsec - message->counters.nsec) / 1000);
	else if (back < AGENT_COUNTER_COUNT)
		doubt(why, "%s went back", agent_counter_name(back));
	judge->counters_nsec = message->counters.nsec;
	if (why->length > 0)
		return LINK_DOUBTED;
	counters_keep(judge, message);
	return LINK_BELIEVED;
}

static enum link_verdict frozen_judge(struct link_judge *judge, const struct agent_message *message,
				      uint64_t future_nsec, struct str *why)
{
	if (judge->freezes_asked == 0)
		return doubt(why, "it freezes without being asked");
	judge->freezes_asked--;
	return stamp_judge(message->moment.nsec, future_nsec, why);
}

enum link_verdict link_judge_message(struct link_judge *judge, const struct agent_message *message,
				     uint64_t future_nsec, struct str *why)
{
	struct link_job *job = &judge->jobs[message->job];

	switch (message->kind) {
	case AGENT_PREPARED:
		return step_judge(job, message->job, LINK_JOB_ASKED, "is prepared",
				  message->moment.nsec, future_nsec, why);
	case AGENT_STARTED:
		return step_judge(job, message->job, LINK_JOB_BEGUN, "has started",
				  message->moment.nsec, future_nsec, why);
	case AGENT_REPORT:
	case AGENT_DONE:
		return progress_judge(job, message, future_nsec, why);
	case AGENT_FAILURE:
		return failure_judge(judge, message->job);
	case AGENT_COUNTERS:
		return counters_judge(judge, message, future_nsec, why);
	case AGENT_FROZEN:
		return frozen_judge(judge, message, future_nsec, why);
	default:
		return LINK_BELIEVED;
	}
}

bool link_judge_command(struct link_judge *judge, enum agent_kind kind, uint16_t number)
{
	struct link_job *job = &judge->jobs[number];

	switch (kind) {
	case AGENT_PREPARE:
		if (job->state != LINK_JOB_NONE)
			return false;
		*job = (struct link_job){ .state = LINK_JOB_ASKED };
		return true;
	case AGENT_START:
		if (job->state != LINK_JOB_READY)
			return false;
		job->state = LINK_JOB_BEGUN;
		return true;
	case AGENT_STOP:
		return job->state != LINK_JOB_NONE;
	case AGENT_COUNT:
		judge->counts_asked++;
		return true;
	case AGENT_FREEZE:
		judge->freezes_asked++;
		return true;
	default:
		return true;
	}
}
