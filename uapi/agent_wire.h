/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a host and the agent in a guest say to each other. A frame is four bytes of payload size,
 * two of kind and two of job, little-endian, then the payload (doc/format/agent-wire.md). The
 * agent says HELLO first, and again until the host has said it; the lower of both versions is
 * spoken. After that every frame is exactly as it is told here: another size, an unknown kind,
 * a number out of its bounds, is refused, by both sides alike.
 *
 * Nothing here allocates, blocks or looks at a clock. Texts of a message that was read point into
 * its reader, are not terminated, and are valid until the reader is filled again.
 */
#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#include "agent_counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_WIRE_VERSION 1
#define AGENT_PORT_NAME "truce.agent" /* of virtio-serial */
#define AGENT_NET_PORT 7417	      /* of vsock and TCP */
#define AGENT_FRAME_HEADER 8
#define AGENT_FRAME_MAX 65536 /* with its header */
#define AGENT_JOB_MAX 16      /* jobs are 1 to this; 0 is no job */
#define AGENT_TEXT_MAX 4096 /* without control characters; a result's lines end in \n */
#define AGENT_BUCKET_MAX 1024 /* of a latency histogram */
#define AGENT_START_AHEAD_MAX_NSEC 60000000000ull
#define AGENT_FREEZE_MSEC_MAX 60000
#define AGENT_REPORT_MSEC 100
#define AGENT_REPORT_MSEC_MIN 20
#define AGENT_REPORT_MSEC_MAX 10000

enum agent_side { AGENT_HOST, AGENT_GUEST };

enum agent_kind {
	/* of the host */
	AGENT_HOST_HELLO = 1,
	AGENT_PING,    /* job 0 */
	AGENT_PREPARE, /* a new job: answered by PREPARED or FAILURE */
	AGENT_START,   /* answered by STARTED when it does */
	AGENT_STOP,    /* answered by DONE; a job that was only prepared has done nothing */
	AGENT_COUNT,   /* answered by COUNTERS */
	AGENT_FREEZE,  /* answered by FROZEN; thaws by itself when its limit is over */
	AGENT_THAW,
	AGENT_POWER_OFF,
	/* of the agent */
	AGENT_HELLO = 65,
	AGENT_PONG,
	AGENT_PREPARED,
	AGENT_STARTED,
	AGENT_REPORT,	/* of a started job, each report_msec */
	AGENT_DONE,	/* the last of a job */
	AGENT_FAILURE,	/* a sentence; the last of a job, or about no job (0) */
	AGENT_COUNTERS,
	AGENT_FROZEN,
	AGENT_THAWED,
};

struct agent_text {
	const char *bytes;
	size_t size;
};

struct agent_bucket {
	uint16_t index; /* work/histogram.h says what of */
	uint32_t added; /* since the last report */
};

/* Numbers are since the start of the job. nsec is the agent's CLOCK_MONOTONIC everywhere. */
struct agent_progress {
	uint64_t nsec, sequence; /* sequence: 0, 1, 2, ...; DONE has the next one */
	uint64_t operations, bytes, errors, lost;
	size_t bucket_count; /* indices ascend, nothing is added 0 times */
	struct agent_bucket buckets[AGENT_BUCKET_MAX];
	struct agent_text results; /* DONE: lines of NAME=VALUE */
};

struct agent_hello {
	uint32_t version, cpus;
	uint64_t session; /* another one when the agent was started again */
	uint64_t memory_bytes, nsec, realtime_nsec;
	uint8_t boot_id[16];
	bool first_process; /* the agent is the guest's init */
	struct agent_text kernel, agent;
};

struct agent_message {
	enum agent_kind kind;
	uint16_t job;
	union {
		struct { uint32_t version; uint64_t session; } host_hello;
		struct { uint64_t cookie; } ping;
		struct { uint32_t report_msec; struct agent_text workload; } prepare;
		struct { uint64_t nsec; } start; /* of the agent's clock; 0: at once */
		struct { uint32_t limit_msec; struct agent_text path; } freeze;
		struct agent_hello hello;
		struct { uint64_t cookie, nsec; } pong;
		struct { uint64_t nsec; } moment; /* PREPARED STARTED FROZEN THAWED */
		struct agent_progress progress;	  /* REPORT DONE */
		struct { struct agent_text sentence; } failure;
		struct {
			uint64_t nsec, present; /* a bit per enum agent_counter */
			uint64_t values[AGENT_COUNTER_COUNT];
		} counters;
	};
};

/* The frame's size, or -EMSGSIZE where it would not fit or the message breaks a bound. */
int agent_message_encode(const struct agent_message *message, unsigned char *bytes, size_t size);

struct agent_reader {
	unsigned char bytes[AGENT_FRAME_MAX];
	size_t start, filled;
	enum agent_side from;
	bool greeted; /* until then, what is before the HELLO is skipped: a tty has other things */
	bool refused;
	uint64_t skipped_bytes;
};

/* `from` is who sends what is read. */
void agent_reader_init(struct agent_reader *reader, enum agent_side from);

/* Where to read into, and how much (never 0 after agent_reader_next has said 0). */
unsigned char *agent_reader_space(struct agent_reader *reader, size_t *ret_size);
void agent_reader_filled(struct agent_reader *reader, size_t size);

/* 1 and a message; 0 when more bytes are needed; -EBADMSG for what that side never sends, and
 * from then on. */
int agent_reader_next(struct agent_reader *reader, struct agent_message *ret_message);

/* In the middle of a frame: whoever sends does not leave it so for long. */
bool agent_reader_in_frame(const struct agent_reader *reader);

/* Gives the frame at the front up and looks for a HELLO behind its first byte. */
void agent_reader_resync(struct agent_reader *reader);

const char *agent_counter_name(enum agent_counter counter);

#endif
