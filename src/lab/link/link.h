/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's end of the talk with one agent, over one descriptor. It never blocks and is bounded:
 * it reads a little at each turn, keeps one frame, and holds at most LINK_OUTPUT_MAX bytes that
 * the agent does not take. Nothing that an agent says is believed: what breaks the protocol,
 * floods, or no longer answers ends the link (LINK_LOST, once, with the sentence); numbers that
 * go backwards and clocks that jump are told (LINK_DOUBT) and what they said is not handed out.
 *
 * Instants are CLOCK_MONOTONIC nanoseconds of the host. The guest's clock is known as an interval
 * of offsets, narrowed by each answered question; `uncertainty_nsec` is half of its width.
 *
 *     poll(link_fd, link_wants) until link_deadline; link_turn; while (link_next) ...
 */
#ifndef LAB_LINK_LINK_H
#define LAB_LINK_LINK_H

#include "agent_wire.h"
#include "lab/link/link_clock.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct link;

#define LINK_OUTPUT_MAX (128 * 1024)

enum link_event_kind {
	LINK_READY,    /* the agent greeted, and its clock is known: link_guest, link_clock */
	LINK_PREPARED, /* job */
	LINK_STARTED,  /* job, at_nsec */
	LINK_REPORT,   /* job, at_nsec, progress: counts since the job's start, buckets added */
	LINK_DONE,     /* as REPORT, and progress->results; the job is no more */
	LINK_FAILURE,  /* job (0: none), text; the job is no more */
	LINK_COUNTERS, /* at_nsec, present, values by enum agent_counter */
	LINK_FROZEN,
	LINK_THAWED,
	LINK_DOUBT, /* text: what the agent said that cannot be; the link goes on */
	LINK_LOST,  /* text: why; nothing comes after it */
};

struct link_event {
	enum link_event_kind kind;
	uint16_t job;
	uint64_t received_nsec;
	uint64_t at_nsec, uncertainty_nsec; /* when it was, by the host's clock */
	const struct agent_progress *progress;
	uint64_t present;
	const uint64_t *values;
	const char *text; /* safe to print */
};

/* What the agent says of its guest; texts are safe to print. */
struct link_guest {
	char kernel[128], agent[64], boot_id[37];
	uint32_t cpus;
	uint64_t memory_bytes;
	bool first_process;
};

/* Owns fd from here on, also when it fails. `name` (of the VM) begins its sentences. */
int link_new(int fd, const char *name, struct link **ret, struct error *err);
void link_free(struct link *link);

/* An agent that is silent this long while asked is lost; 10 s at first. 0: never. */
void link_set_silence(struct link *link, uint64_t limit_nsec);

int link_fd(const struct link *link);
short link_wants(const struct link *link);	    /* of poll(2) */
uint64_t link_deadline(const struct link *link); /* the next turn at the latest */
void link_turn(struct link *link, short happened);

/* The next event; what it points to is valid until the next call. */
bool link_next(struct link *link, struct link_event *ret);

bool link_is_ready(const struct link *link);
const struct link_guest *link_guest(const struct link *link);
const struct link_clock *link_clock(const struct link *link);

/* All of these: 0, -ENOTCONN before READY and after LOST, -ENOBUFS when the agent takes nothing,
 * -EINVAL for what the wire cannot say. report_msec 0: AGENT_REPORT_MSEC. A job that has ended
 * needs no stopping: link_stop is then 0. */
int link_prepare(struct link *link, uint16_t job, const char *workload, uint32_t report_msec);
int link_start(struct link *link, uint16_t job, uint64_t at_nsec); /* host's clock; 0: at once */
int link_stop(struct link *link, uint16_t job);
int link_count(struct link *link);
int link_freeze(struct link *link, const char *path, uint32_t limit_msec);
int link_thaw(struct link *link);
int link_power_off(struct link *link);

#endif
