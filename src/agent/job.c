/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/job.h"

#include "base/clock.h"
#include "base/error.h"
#include "work/work.h"
#include "work/workload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

_Static_assert(HISTOGRAM_BUCKETS <= AGENT_BUCKET_MAX, "a histogram fits the wire");

/* How often one is looked at that waits for its instant, or was told to end before it ran. */
#define LOOK_NSEC (10 * NSEC_PER_MSEC)

int job_prepare(struct job *job, const struct agent_message *message, struct error *err)
{
	char line[AGENT_TEXT_MAX + 1];
	int code;

	if (job->work != NULL)
		return error_set(err, -EBUSY, "job %u is there already", message->job);
	memcpy(line, message->prepare.workload.bytes, message->prepare.workload.size);
	line[message->prepare.workload.size] = '\0';
	memset(job, 0, sizeof *job);
	job->number = message->job;
	job->report_nsec = message->prepare.report_msec * NSEC_PER_MSEC;
	job->next_report_nsec = UINT64_MAX;
	code = work_new(line, &job->work, err);
	if (code == 0)
		code = work_prepare(job->work, err);
	if (code < 0)
		job_done(job);
	return code;
}

int job_start(struct job *job, uint64_t at_nsec, uint64_t now_nsec, struct error *err)
{
	if (job->work == NULL)
		return error_set(err, -ENOENT, "it is not prepared");
	if (at_nsec > now_nsec && at_nsec - now_nsec > AGENT_START_AHEAD_MAX_NSEC)
		return error_set(err, -EINVAL, "its start is %llu s from now: the clocks differ",
				 (at_nsec - now_nsec) / NSEC_PER_SEC);
	if (work_start(job->work, at_nsec) < 0)
		return error_set(err, -EINVAL, "it is %s, and cannot be started",
				 work_state_name(work_poll(job->work)));
	job->state = WORK_RUNNING;
	job->next_report_nsec = at_nsec > now_nsec ? at_nsec : now_nsec;
	return 0;
}

void job_stop(struct job *job)
{
	if (job->work == NULL)
		return;
	job->stopping = true;
	work_stop(job->work);
	if (job->next_report_nsec == UINT64_MAX)
		job->next_report_nsec = clock_monotonic_nsec() + LOOK_NSEC;
}

void job_done(struct job *job)
{
	work_free(job->work);
	job->work = NULL;
}

uint64_t job_deadline(const struct job *job)
{
	return job->work != NULL ? job->next_report_nsec : UINT64_MAX;
}

static void buckets_fill(struct job *job, struct agent_progress *progress)
{
	struct histogram now;
	unsigned i;

	if (!work_kind(job->work)->times)
		return;
	work_read_latency(job->work, &now);
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t added = now.counts[i] - job->told.counts[i];

		if (added == 0)
			continue;
		/* What does not fit is told the next time. */
		added = added < UINT32_MAX ? added : UINT32_MAX;
		job->told.counts[i] += added;
		progress->buckets[progress->bucket_count++] =
			(struct agent_bucket){ (uint16_t)i, (uint32_t)added };
	}
}

static void progress_fill(struct job *job, uint64_t now_nsec, struct agent_progress *progress)
{
	struct work_counts counts;

	work_read(job->work, &counts);
	memset(progress, 0, offsetof(struct agent_progress, buckets));
	progress->nsec = job->last_nsec > now_nsec ? job->last_nsec : now_nsec;
	progress->sequence = job->sequence++;
	progress->operations = counts.operations;
	progress->bytes = counts.bytes;
	progress->errors = counts.errors;
	progress->lost = counts.lost;
	progress->results = (struct agent_text){ job->text, 0 };
	buckets_fill(job, progress);
	job->last_nsec = progress->nsec;
}

/* Lines of NAME=VALUE, as many as fit whole. */
static void results_fill(struct job *job, struct agent_text *ret)
{
	size_t count, i, length = 0;
	const struct work_result *results = work_results(job->work, &count);

	for (i = 0; i < count; i++) {
		int size = snprintf(job->text + length, sizeof job->text - length, "%s=%.17g\n",
				    results[i].name, results[i].value);

		if (size < 0 || (size_t)size >= sizeof job->text - length)
			break;
		length += (size_t)size;
	}
	*ret = (struct agent_text){ job->text, length };
}

static bool say_moment(const struct job *job, enum agent_kind kind, uint64_t nsec,
		       struct agent_message *ret)
{
	ret->kind = kind;
	ret->job = job->number;
	ret->moment.nsec = nsec;
	return true;
}

static bool say_progress(struct job *job, enum agent_kind kind, uint64_t now_nsec,
			 struct agent_message *ret)
{
	ret->kind = kind;
	ret->job = job->number;
	progress_fill(job, now_nsec, &ret->progress);
	return true;
}

static bool say_done(struct job *job, uint64_t now_nsec, struct agent_message *ret)
{
	uint64_t ended = work_ended_nsec(job->work);

	say_progress(job, AGENT_DONE, ended > 0 ? ended : now_nsec, ret);
	results_fill(job, &ret->progress.results);
	job_done(job);
	return true;
}

static bool say_failure(struct job *job, struct agent_message *ret)
{
	char *at;

	snprintf(job->text, sizeof job->text, "%s", work_why(job->work));
	for (at = job->text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	ret->kind = AGENT_FAILURE;
	ret->job = job->number;
	ret->failure.sentence = (struct agent_text){ job->text, strlen(job->text) };
	job_done(job);
	return true;
}

static bool say_started(struct job *job, struct agent_message *ret)
{
	uint64_t began = work_began_nsec(job->work);

	job->told_started = true;
	job->last_nsec = began;
	job->next_report_nsec = began + job->report_nsec;
	return say_moment(job, AGENT_STARTED, began, ret);
}

/* The next report is one period after the last one was to be, however late that was. */
static void report_schedule(struct job *job, uint64_t now_nsec)
{
	uint64_t behind = now_nsec - job->next_report_nsec;

	job->next_report_nsec += (behind / job->report_nsec + 1) * job->report_nsec;
}

static bool running_next(struct job *job, uint64_t now_nsec, bool may_report,
			 struct agent_message *ret)
{
	if (now_nsec < job->next_report_nsec)
		return false;
	if (!job->told_started) {
		job->next_report_nsec = now_nsec + LOOK_NSEC;
		return false;
	}
	report_schedule(job, now_nsec);
	return may_report && say_progress(job, AGENT_REPORT, now_nsec, ret);
}

/* One that is told to end and does not is killed by being looked at. */
void job_look(struct job *job, bool told)
{
	if (told || job->stopping)
		job->state = (int)work_poll(job->work);
}

bool job_next(struct job *job, uint64_t now_nsec, bool may_report, struct agent_message *ret)
{
	enum work_state state = (enum work_state)job->state;

	if (job->work == NULL)
		return false;
	if (state == WORK_FAILED)
		return say_failure(job, ret);
	if (state == WORK_READY && !job->told_prepared) {
		job->told_prepared = true;
		return say_moment(job, AGENT_PREPARED, now_nsec, ret);
	}
	if ((state == WORK_RUNNING || state == WORK_DONE) && !job->told_started &&
	    work_began_nsec(job->work) > 0)
		return say_started(job, ret);
	if (state == WORK_DONE)
		return say_done(job, now_nsec, ret);
	if (state == WORK_RUNNING)
		return running_next(job, now_nsec, may_report, ret);
	if (job->next_report_nsec <= now_nsec)
		job->next_report_nsec = now_nsec + LOOK_NSEC;
	return false;
}
