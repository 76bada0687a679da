/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decider's two processes say to each other. Downwards small structs of fixed size: the
 * child believes its parent, and both are of one build (the first word says so). Snapshots,
 * outcomes, state and source are in one shared piece of memory, the room, which the child can
 * only read. Upwards frames of bytes, of which the parent believes nothing: a VM is told by its
 * place in the snapshot, so it exists; names of policy and file are put in by the parent.
 */
#ifndef DECIDE_WIRE_H
#define DECIDE_WIRE_H

#include "base/str.h"
#include "decide/decider.h"
#include "model/snapshot.h"

enum {
	WIRE_SOCKET_FD = 3,
	WIRE_ROOM_FD = 4,
	WIRE_PROGRAM_FD = 5,          /* of a policy in C: its bytes, to be mapped */
	WIRE_FRAME_MAX = 16 << 20,
	WIRE_STATE_MAX = 8 << 20,
	WIRE_WARNINGS_MAX = 256,      /* more are counted, not kept */
	WIRE_SENTENCE_SIZE = 400,
	WIRE_PROBLEMS_MAX = 64 << 10, /* bytes of text */
};

/* The room: ticks take turns in the first two images, births have the third. */
#define WIRE_IMAGE_BYTES ((size_t)256 << 20)
enum { WIRE_IMAGE_BIRTH = 2, WIRE_IMAGE_COUNT = 3 };
#define WIRE_STATE_AT (WIRE_IMAGE_COUNT * WIRE_IMAGE_BYTES)
#define WIRE_SOURCE_AT (WIRE_STATE_AT + WIRE_STATE_MAX)
#define WIRE_ROOM_BYTES (WIRE_SOURCE_AT + ((size_t)16 << 20))
/* Where the child has it: far from where kernels put programs, libraries and stacks (and from
 * what sanitizers keep for themselves), and below 39 bits where there may be no more. */
#ifdef __x86_64__
#define WIRE_ROOM_ADDRESS 0x2a0000000000ull
#else
#define WIRE_ROOM_ADDRESS 0x1000000000ull
#endif

#define WIRE_MAGIC 0x5452554345444331ull

/* -- downwards ------------------------------------------------------------------------------- */

struct wire_hello {
	uint64_t magic, layout;
	int32_t parent;
	int32_t language;        /* enum decider_language */
	uint64_t source_size, state_size, memory_bytes, load_usec;
	char path[256];
};

enum wire_order { WIRE_TURN, WIRE_RESTORE };

struct wire_turn {
	uint32_t order;
	uint32_t occasion;
	uint32_t image;
	int32_t before;          /* image of the tick before; -1: none */
	uint64_t outcomes, outcome_count; /* address in the room */
	uint64_t cpu_usec;       /* to decide in */
	uint64_t state_size;     /* of WIRE_RESTORE */
};

/* What the layout of all these is, as one number. */
uint64_t wire_layout(void);

/* -- upwards ---------------------------------------------------------------------------------- */

enum wire_kind {
	WIRE_LOADED = 1, /* the policy's description */
	WIRE_REFUSED,    /* a sentence: it cannot be loaded */
	WIRE_DECISION,
	WIRE_RESTORED,   /* "", or a sentence */
	WIRE_CRASHED,    /* struct wire_crash */
	WIRE_PROBLEMS,   /* lines: everything that is wrong; before WIRE_REFUSED */
};

struct wire_header {
	uint32_t size; /* of what follows */
	uint32_t kind;
};

/* Written by a signal's handler; no more is known to be right then. */
struct wire_crash {
	int32_t signal, code, call, line;
	uint64_t address, stack;
	char place[48]; /* the library's function that was called last, or the rule that ran */
};

/* A frame is begun, filled and ended in one str. */
void wire_begin(struct str *out, enum wire_kind kind);
void wire_end(struct str *out);
void wire_put_sentence(struct str *out, const char *text);
/* As many whole lines as there may be. */
void wire_put_problems(struct str *out, const struct str *lines);
/* False where the snapshot does not have the VM: nothing is written then. */
bool wire_put_request(struct str *out, const struct snapshot *now, const struct request *request);
void wire_put_warning(struct str *out, const struct snapshot *now, const struct vm_identity *vm,
		      const char *text);
void wire_put_state(struct str *out, const char *state, size_t size);

/* What a decision's frame says, as far as it can be believed. */
struct wire_decision {
	struct request *requests;
	size_t request_count, request_capacity;
	struct decider_warning *warnings;
	size_t warning_count, warning_capacity;
	bool has_state;
	struct str state;
};

void wire_decision_init(struct wire_decision *decision);
void wire_decision_done(struct wire_decision *decision);
void wire_decision_clear(struct wire_decision *decision);
/* What an answer may speak of: the policy, and the VMs of its turn, sorted. */
struct wire_world {
	const struct policy *policy;
	const struct vm_identity *vms;
	size_t vm_count;
};

/* -EBADMSG with what is wrong with it; -ENOMEM. */
int wire_take_decision(const char *bytes, size_t size, const struct wire_world *world,
		       struct wire_decision *ret, struct error *err);
/* Always a terminated text without control characters. */
void wire_take_sentence(const char *bytes, size_t size, char ret[static WIRE_SENTENCE_SIZE]);
/* Appends lines that are as harmless. */
void wire_take_problems(const char *bytes, size_t size, struct str *out);

#endif
