/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/decider.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/place.h"
#include "decide/process.h"
#include "decide/room.h"
#include "decide/source.h"
#include "decide/trouble.h"
#include "decide/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <xxhash.h>

enum {
	LOAD_USEC = 2000000,
	TURN_USEC = 100000,
	TURN_VM_USEC = 20,
	MEMORY_BYTES = 24 << 20,
	/* What truce-decide itself takes: libraries' data, filters, Lua's own. */
	MEMORY_OWN_BYTES = 12 << 20,
	/* Others may hold the CPU meanwhile: a host where VMs contend is what policies are for.
	 * Loading is waited for, so there the clock has less patience. */
	TURN_WALL_FOR_CPU = 10,
	LOAD_WALL_FOR_CPU = 3,
	PATIENCE_USEC = 10000000, /* at most, with one that gets no CPU */
	REST_LONGEST_SEC = 64,
	CLOSING_USEC = 1000000,  /* from a closed socket to the end of its process */
};

enum decider_phase {
	PHASE_IDLE,
	PHASE_TURN,
	PHASE_RESTORE,
};

struct decider {
	char path[256], program[PATH_MAX];
	enum decider_language language;
	char *source;
	size_t source_size;
	uint64_t source_hash;
	struct decider_options limits; /* its texts are gone */
	struct str *problems;    /* the caller's, while it is loaded */
	struct policy policy;
	bool has_policy;

	int program_fd;
	struct room room;
	unsigned tick_image;     /* the one that the next tick is written to */
	bool has_before;

	struct process process;
	bool closing;            /* its socket is closed, and its end is waited for */
	bool loading;            /* it has not said yet that it is ready */
	enum decider_phase phase;
	uint64_t begin_usec, deadline_usec, cpu_before_usec, cpu_limit_usec;
	unsigned deaths;         /* in a row */
	uint64_t rest_until_usec;
	struct vm_identity *vms; /* of this turn */
	size_t vm_count, vm_capacity;
	struct str in;
	size_t in_used;          /* bytes of `in` that came */
	bool has_crash;
	struct wire_crash crash;
	bool restored_said, problems_said;
	char refused[WIRE_SENTENCE_SIZE], restored[WIRE_SENTENCE_SIZE];

	struct wire_decision answer;
	struct decision decision;
	struct str state;        /* what it last gave, or was given */
};

/* -- the process ------------------------------------------------------------------------------ */

/* Where the socket has no room for a hundred bytes, or nobody is behind it, no answer comes:
 * that is seen when it is waited for, and told as what became of the process. */
static void say(struct decider *decider, const void *bytes, size_t size)
{
	ssize_t sent = send(decider->process.socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	(void)sent;
}

static void decider_forget_turn(struct decider *decider)
{
	decider->phase = PHASE_IDLE;
	decider->deadline_usec = 0;
	decider->in_used = 0;
	decider->has_crash = false;
	decider->refused[0] = '\0';
	decider->restored_said = false;
	decider->problems_said = false;
}

static void decider_end(struct decider *decider, int *ret_status)
{
	process_end(&decider->process, ret_status);
	decider->closing = false;
}

static int decider_start(struct decider *decider, struct error *err)
{
	struct wire_hello hello = {
		.magic = WIRE_MAGIC,
		.layout = wire_layout(),
		.parent = getpid(),
		.language = decider->language,
		.source_size = decider->source_size,
		.state_size = decider->state.length,
		.memory_bytes = decider->limits.memory_bytes,
		.load_usec = decider->limits.load_usec,
	};
	int r;

	if (room_put(&decider->room, WIRE_STATE_AT, decider->state.data, decider->state.length) < 0)
		return error_set(err, -ENOMEM, "no memory for the policy's state");
	text_copy(hello.path, sizeof hello.path, decider->path, strlen(decider->path));
	r = process_start(&decider->process, decider->program, decider->room.fd,
			  decider->program_fd, err);
	if (r < 0)
		return r;
	decider_forget_turn(decider);
	decider->cpu_before_usec = 0;
	decider->loading = true;
	process_limit_cpu(&decider->process, decider->limits.load_usec);
	process_limit_memory(&decider->process,
			     decider->limits.memory_bytes + MEMORY_OWN_BYTES);
	say(decider, &hello, sizeof hello);
	return 0;
}

/* The first death is made good at once; whoever dies each turn rests longer each time. */
static void decider_rest(struct decider *decider)
{
	unsigned seconds = 0;

	decider->deaths++;
	if (decider->deaths > 1) {
		seconds = decider->deaths - 2 < 6 ? 1u << (decider->deaths - 2) : REST_LONGEST_SEC;
		decider->rest_until_usec = clock_monotonic_usec() + seconds * USEC_PER_SEC;
	}
}

/* Ends the process and begins another one with the same bytes and the last state. */
static int decider_replace(struct decider *decider, const char *why, const struct decision **ret,
			   struct error *err)
{
	char kept[WIRE_SENTENCE_SIZE];
	int r = 0;

	/* `why` may be in what is cleared below. */
	text_copy(kept, sizeof kept, why, strlen(why));
	decider->decision = (struct decision){ .restarted = true };
	if (decider->process.pid != 0)
		decider->decision.cpu_usec = process_cpu_usec(&decider->process) -
					     decider->cpu_before_usec;
	decider_end(decider, NULL);
	wire_decision_clear(&decider->answer);
	snprintf(decider->decision.trouble, sizeof decider->decision.trouble, "%.120s: %.270s",
		 decider->path, kept);
	decider_forget_turn(decider);
	decider_rest(decider);
	if (decider->deaths <= 1)
		r = decider_start(decider, err);
	*ret = &decider->decision;
	return r < 0 ? r : 1;
}

/* -- making and freeing one -------------------------------------------------------------------- */

static int language_of(const char *path, enum decider_language *ret, struct error *err)
{
	const char *dot = strrchr(path, '.');

	if (dot != NULL && strcmp(dot, ".lua") == 0)
		*ret = DECIDER_LUA;
	else if (dot != NULL && strcmp(dot, ".so") == 0)
		*ret = DECIDER_C;
	else if (dot != NULL && strcmp(dot, ".c") == 0)
		return error_set(err, -EINVAL, "%s: a policy in C is built first: truce policy build "
				 "%s", path, path);
	else
		return error_set(err, -EINVAL, "%s: a policy is a file that ends in .lua, or in .so "
				 "and was made by truce policy build", path);
	return 0;
}

/* What is mapped as a program are the bytes that were read, whatever the file is by now. */
static int program_make(struct decider *decider, struct error *err)
{
	decider->program_fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (decider->program_fd < 0)
		return error_errno(err, -errno, "%s: no memory for it", decider->path);
	if (io_write_all(decider->program_fd, decider->source, decider->source_size) < 0)
		return error_set(err, -ENOMEM, "%s: no memory for it", decider->path);
	if (fcntl(decider->program_fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return error_errno(err, -errno, "%s: cannot be sealed", decider->path);
	return 0;
}

static void take_limits(struct decider *decider, const struct decider_options *options)
{
	decider->limits = *options;
	decider->problems = options->problems;
	decider->limits.problems = NULL;
	decider->limits.origin = decider->limits.program = NULL;
	if (decider->limits.load_usec == 0)
		decider->limits.load_usec = LOAD_USEC;
	if (decider->limits.memory_bytes == 0)
		decider->limits.memory_bytes = MEMORY_BYTES;
}

static int decider_prepare(struct decider *decider, const char *path,
			   const struct decider_options *options, struct error *err)
{
	const char *shown = options->origin != NULL ? options->origin : path;
	const char *program = options->program;
	int r = language_of(path, &decider->language, err);

	if (r < 0)
		return r;
	text_copy(decider->path, sizeof decider->path, shown, strlen(shown));
	if (program != NULL)
		text_copy(decider->program, sizeof decider->program, program, strlen(program));
	else
		r = place_decide(decider->program, sizeof decider->program, err);
	if (r == 0)
		r = source_read(path, &decider->source, &decider->source_size, err);
	if (r == 0)
		r = room_make(&decider->room, err);
	if (r < 0)
		return r;
	decider->source_hash = XXH3_64bits(decider->source, decider->source_size);
	if (decider->language == DECIDER_C)
		return program_make(decider, err);
	if (room_put(&decider->room, WIRE_SOURCE_AT, decider->source, decider->source_size) < 0)
		return error_set(err, -ENOMEM, "%s: no memory for it", path);
	return 0;
}

static int wait_readable(const struct decider *decider, uint64_t deadline_usec)
{
	struct pollfd poll_fd = { .fd = decider_fd(decider), .events = POLLIN };
	uint64_t now = clock_monotonic_usec();
	uint64_t left = deadline_usec > now ? (deadline_usec - now + 999) / 1000 : 0;

	return poll(&poll_fd, 1, (int)(left < 3600000 ? left : 3600000));
}

/* Past its deadline, and not for want of CPU: that it takes more than it may, its own clock
 * watches. */
static bool decider_is_late(struct decider *decider)
{
	uint64_t now = clock_monotonic_usec();
	uint64_t cpu = process_cpu_usec(&decider->process) - decider->cpu_before_usec;

	if (now <= decider->deadline_usec)
		return false;
	if (now > decider->begin_usec + PATIENCE_USEC || cpu > decider->cpu_limit_usec ||
	    !process_wants_cpu(&decider->process))
		return true;
	decider->deadline_usec = now + (decider->deadline_usec - decider->begin_usec) / 4;
	return false;
}

static void decider_begin(struct decider *decider, enum decider_phase phase, uint64_t cpu_usec)
{
	uint64_t loading = decider->loading ? decider->limits.load_usec : 0;
	uint64_t now = clock_monotonic_usec();

	decider->phase = phase;
	decider->cpu_limit_usec = cpu_usec + loading;
	decider->cpu_before_usec = process_cpu_usec(&decider->process);
	decider->begin_usec = now;
	decider->deadline_usec = now + TURN_WALL_FOR_CPU * cpu_usec + LOAD_WALL_FOR_CPU * loading;
	process_limit_cpu(&decider->process, cpu_usec + loading);
}

static int decider_read(struct decider *decider, struct error *err);

static void decider_last_words(struct decider *decider, char ret[static WIRE_SENTENCE_SIZE]);

/* Until the policy has described itself, or is known not to. */
static int decider_await_load(struct decider *decider, struct error *err)
{
	char why[WIRE_SENTENCE_SIZE];
	int r = 0;

	decider_begin(decider, PHASE_IDLE, 0);
	while (r == 0 && decider->loading && decider->refused[0] == '\0') {
		wait_readable(decider, decider->deadline_usec);
		r = decider_read(decider, err);
		if (r == 0 && decider->loading && decider_is_late(decider))
			return error_set(err, -ETIME, "%s: it takes too long to load",
					 decider->path);
	}
	if (decider->refused[0] != '\0')
		return error_set(err, -EINVAL, "%s", decider->refused);
	decider->deadline_usec = 0;
	if (r != -EPIPE)
		return r;
	process_has_ended(&decider->process, CLOSING_USEC / 1000);
	decider_last_words(decider, why);
	return error_set(err, -EINVAL, "%s: it does not survive being loaded: %s", decider->path,
			 why);
}

int decider_new(const char *path, const struct decider_options *options, struct decider **ret,
		struct error *err)
{
	static const struct decider_options none;
	struct decider *decider = calloc(1, sizeof *decider);
	int r;

	if (decider == NULL)
		return error_set(err, -ENOMEM, "%s: no memory for it", path);
	decider->program_fd = -1;
	room_init(&decider->room);
	process_init(&decider->process);
	policy_init(&decider->policy);
	str_init(&decider->in);
	str_init(&decider->state);
	wire_decision_init(&decider->answer);
	if (options == NULL)
		options = &none;
	take_limits(decider, options);
	r = decider_prepare(decider, path, options, err);
	if (r == 0)
		r = decider_start(decider, err);
	if (r == 0)
		r = decider_await_load(decider, err);
	decider->problems = NULL;
	if (r < 0) {
		decider_free(decider);
		return r;
	}
	*ret = decider;
	return 0;
}

void decider_free(struct decider *decider)
{
	if (decider == NULL)
		return;
	decider_end(decider, NULL);
	room_done(&decider->room);
	if (decider->program_fd >= 0)
		close(decider->program_fd);
	policy_done(&decider->policy);
	wire_decision_done(&decider->answer);
	str_done(&decider->in);
	str_done(&decider->state);
	free(decider->vms);
	free(decider->source);
	free(decider);
}

void decider_reap(void)
{
	process_reap_left();
}

const struct policy *decider_policy(const struct decider *decider)
{
	return &decider->policy;
}

enum decider_language decider_language(const struct decider *decider)
{
	return decider->language;
}

pid_t decider_pid(const struct decider *decider)
{
	return decider->process.pid;
}

const char *decider_source(const struct decider *decider, size_t *ret_size, uint64_t *ret_hash)
{
	*ret_size = decider->source_size;
	*ret_hash = decider->source_hash;
	return decider->source;
}

/* -- what the process says ---------------------------------------------------------------------- */

static int take_loaded(struct decider *decider, const char *bytes, size_t size, struct error *err)
{
	struct policy policy;

	if (!decider->loading)
		return error_set(err, -EBADMSG, "described itself twice");
	if (policy_take(bytes, size, &policy) < 0)
		return error_set(err, -EBADMSG, "gave a description of itself that is none");
	decider->loading = false;
	/* What others hold on to is the first description; the bytes are the same. */
	if (decider->has_policy) {
		policy_done(&policy);
		return 0;
	}
	if (decider->language == DECIDER_LUA || policy.path[0] == '\0')
		text_copy(policy.path, sizeof policy.path, decider->path, strlen(decider->path));
	decider->policy = policy;
	decider->has_policy = true;
	return 0;
}

static int take_problems(struct decider *decider, const char *bytes, size_t size,
			 struct error *err)
{
	if (!decider->loading || decider->problems_said)
		return error_set(err, -EBADMSG, "told twice what is wrong");
	decider->problems_said = true;
	if (decider->problems != NULL)
		wire_take_problems(bytes, size, decider->problems);
	return 0;
}

static int take_decision(struct decider *decider, const char *bytes, size_t size,
			 struct error *err)
{
	const struct wire_world world = { &decider->policy, decider->vms, decider->vm_count };
	struct wire_decision *answer = &decider->answer;
	int r;

	if (decider->phase != PHASE_TURN || decider->loading)
		return error_set(err, -EBADMSG, "answered without having been asked");
	r = wire_take_decision(bytes, size, &world, answer, err);
	if (r < 0)
		return r;
	decider->decision = (struct decision){
		.requests = answer->requests,
		.request_count = answer->request_count,
		.warnings = answer->warnings,
		.warning_count = answer->warning_count,
		.cpu_usec = process_cpu_usec(&decider->process) - decider->cpu_before_usec,
	};
	if (answer->has_state) {
		str_clear(&decider->state);
		str_append_bytes(&decider->state, answer->state.data, answer->state.length);
		decider->decision.state = decider->state.data != NULL ? decider->state.data : "";
		decider->decision.state_size = decider->state.length;
	}
	decider->deaths = 0;
	return 1;
}

static int take_restored(struct decider *decider, const char *bytes, size_t size,
			 struct error *err)
{
	if (decider->phase != PHASE_RESTORE)
		return error_set(err, -EBADMSG, "restored what nobody gave it");
	wire_take_sentence(bytes, size, decider->restored);
	decider->restored_said = true;
	return 1;
}

/* 1: the turn is over; 0: go on. */
static int take_frame(struct decider *decider, const struct wire_header *header,
		      const char *bytes, struct error *err)
{
	switch (header->kind) {
	case WIRE_LOADED:
		return take_loaded(decider, bytes, header->size, err);
	case WIRE_REFUSED:
		/* Each is said once, so that nobody is kept reading for ever. */
		if (decider->refused[0] != '\0')
			return error_set(err, -EBADMSG, "refused twice");
		wire_take_sentence(bytes, header->size, decider->refused);
		if (decider->refused[0] == '\0')
			return error_set(err, -EBADMSG, "refused without a word");
		return 0;
	case WIRE_PROBLEMS:
		return take_problems(decider, bytes, header->size, err);
	case WIRE_DECISION:
		return take_decision(decider, bytes, header->size, err);
	case WIRE_RESTORED:
		return take_restored(decider, bytes, header->size, err);
	case WIRE_CRASHED:
		if (header->size != sizeof decider->crash || decider->has_crash)
			return error_set(err, -EBADMSG, "crashed in an unheard-of way");
		memcpy(&decider->crash, bytes, sizeof decider->crash);
		decider->has_crash = true;
		return 0;
	default:
		return error_set(err, -EBADMSG, "sent what is no answer");
	}
}

/* Whole frames at the start of `in`. */
static int take_frames(struct decider *decider, struct error *err)
{
	struct wire_header header;
	size_t at = 0;
	int r = 0;

	while (r == 0 && decider->in_used - at >= sizeof header) {
		memcpy(&header, decider->in.data + at, sizeof header);
		if (header.size > WIRE_FRAME_MAX)
			return error_set(err, -EBADMSG, "sent an answer of %u bytes; %d are the most",
					 header.size, WIRE_FRAME_MAX);
		if (decider->in_used - at - sizeof header < header.size)
			break;
		r = take_frame(decider, &header, decider->in.data + at + sizeof header, err);
		at += sizeof header + header.size;
	}
	decider->in_used -= at;
	if (at > 0)
		memmove(decider->in.data, decider->in.data + at, decider->in_used);
	return r;
}

/* All that is there. 1: a turn is over; 0: not yet; -EPIPE: the process is at its end;
 * -EBADMSG, -ENOMEM. */
static int decider_read(struct decider *decider, struct error *err)
{
	enum { AT_ONCE = 1 << 16 };
	int r = 0;

	while (r == 0) {
		ssize_t got;

		if (!str_resize(&decider->in, decider->in_used + AT_ONCE))
			return error_set(err, -ENOMEM, "no memory for what the policy says");
		got = recv(decider->process.socket, decider->in.data + decider->in_used, AT_ONCE,
			   MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (got <= 0)
			return -EPIPE;
		decider->in_used += (size_t)got;
		r = take_frames(decider, err);
	}
	return r;
}

/* -- turns ------------------------------------------------------------------------------------- */

static uint64_t turn_cpu_usec(const struct decider *decider, size_t vm_count)
{
	if (decider->limits.turn_usec != 0)
		return decider->limits.turn_usec;
	return TURN_USEC + vm_count * (uint64_t)TURN_VM_USEC;
}

/* A process to say something to. */
static int decider_ready(struct decider *decider, struct error *err)
{
	uint64_t now = clock_monotonic_usec();

	if (decider->phase != PHASE_IDLE)
		return error_set(err, -EBUSY, "%s: its turn is still under way", decider->path);
	if (decider->process.pid != 0)
		return 0;
	if (now < decider->rest_until_usec)
		return error_set(err, -EAGAIN, "%s: died %u times in a row; it is started again in "
				 "%llu s", decider->path, decider->deaths,
				 (unsigned long long)((decider->rest_until_usec - now +
						       USEC_PER_SEC - 1) / USEC_PER_SEC));
	return decider_start(decider, err);
}

static int remember_vms(struct decider *decider, const struct snapshot *snapshot)
{
	size_t i;

	if (!VEC_RESERVE(decider->vms, decider->vm_capacity, snapshot->vm_count))
		return -ENOMEM;
	for (i = 0; i < snapshot->vm_count; i++)
		decider->vms[i] = snapshot->vms[i]->identity;
	decider->vm_count = snapshot->vm_count;
	return 0;
}

static int write_turn(struct decider *decider, const struct snapshot *snapshot,
		      const struct outcome *outcomes, size_t count, struct wire_turn *turn,
		      struct error *err)
{
	int r = remember_vms(decider, snapshot);

	turn->outcome_count = count;
	if (r == 0)
		r = room_put_image(&decider->room, turn->image, snapshot, outcomes, count,
				   &turn->outcomes);
	if (r == -EOVERFLOW)
		return error_set(err, r, "%s: %zu VMs are more than a policy can be shown",
				 decider->path, snapshot->vm_count);
	if (r < 0)
		return error_set(err, r, "%s: no memory to show it %zu VMs", decider->path,
				 snapshot->vm_count);
	return 0;
}

int decider_send(struct decider *decider, enum decider_occasion occasion,
		 const struct snapshot *snapshot, const struct outcome *outcomes,
		 size_t outcome_count, struct error *err)
{
	bool tick = occasion == DECIDER_TICK;
	struct wire_turn turn = {
		.order = WIRE_TURN,
		.occasion = occasion,
		.image = tick ? decider->tick_image : (unsigned)WIRE_IMAGE_BIRTH,
		.before = decider->has_before ? (int)(decider->tick_image ^ 1) : -1,
		.cpu_usec = turn_cpu_usec(decider, snapshot->vm_count),
	};
	int r = decider_ready(decider, err);

	if (r == 0)
		r = write_turn(decider, snapshot, outcomes, outcome_count, &turn, err);
	if (r < 0)
		return r;
	decider_begin(decider, PHASE_TURN, turn.cpu_usec);
	say(decider, &turn, sizeof turn);
	if (tick) {
		decider->tick_image ^= 1;
		decider->has_before = true;
	}
	return 0;
}

int decider_fd(const struct decider *decider)
{
	return decider->closing ? decider->process.pidfd : decider->process.socket;
}

uint64_t decider_deadline_usec(const struct decider *decider)
{
	return decider->deadline_usec;
}

/* Its socket is closed, and it has ended or has had its time to: what was it? */
static void decider_last_words(struct decider *decider, char ret[static WIRE_SENTENCE_SIZE])
{
	int status;

	if (decider->has_crash) {
		trouble_of_crash(&decider->crash, decider->language, ret);
	} else if (decider->refused[0] != '\0') {
		text_copy(ret, WIRE_SENTENCE_SIZE, decider->refused, strlen(decider->refused));
	} else if (process_has_ended(&decider->process, 0)) {
		decider_end(decider, &status);
		trouble_of_status(status, ret);
	} else {
		snprintf(ret, WIRE_SENTENCE_SIZE, "it closed its socket");
	}
}

/* 0: how it ended is not known yet. The process is then what is polled. */
static int decider_died(struct decider *decider, const struct decision **ret, struct error *err)
{
	uint64_t now = clock_monotonic_usec();
	uint64_t cpu = process_cpu_usec(&decider->process) - decider->cpu_before_usec;
	char why[WIRE_SENTENCE_SIZE];
	int r;

	if (!decider->closing) {
		decider->closing = true;
		decider->deadline_usec = now + CLOSING_USEC;
		/* It would be readable for ever to whoever polls it still. */
		close(decider->process.socket);
		decider->process.socket = -1;
	}
	if (!decider->has_crash && !process_has_ended(&decider->process, 0) &&
	    now < decider->deadline_usec)
		return 0;
	decider_last_words(decider, why);
	r = decider_replace(decider, why, ret, err);
	decider->decision.cpu_usec = cpu;
	return r;
}

static int decider_too_late(struct decider *decider, const struct decision **ret,
			    struct error *err)
{
	char why[WIRE_SENTENCE_SIZE];

	snprintf(why, sizeof why, "it did not answer within %llu ms",
		 (unsigned long long)(clock_monotonic_usec() - decider->begin_usec) / 1000);
	return decider_replace(decider, why, ret, err);
}

static int decider_garbled(struct decider *decider, const struct error *what,
			   const struct decision **ret, struct error *err)
{
	char why[WIRE_SENTENCE_SIZE];

	snprintf(why, sizeof why, "its process sent what no policy says: %.250s", what->text);
	return decider_replace(decider, why, ret, err);
}

int decider_receive(struct decider *decider, const struct decision **ret, struct error *err)
{
	struct error what = { .code = 0 };
	int r;

	if (decider->process.pid == 0)
		return 0;
	r = decider->closing ? -EPIPE : decider_read(decider, &what);
	if (r == -EPIPE)
		return decider_died(decider, ret, err);
	if (r < 0)
		return decider_garbled(decider, &what, ret, err);
	if (r == 0) {
		if (decider->phase != PHASE_IDLE && decider_is_late(decider))
			return decider_too_late(decider, ret, err);
		return 0;
	}
	decider->phase = PHASE_IDLE;
	decider->deadline_usec = 0;
	*ret = &decider->decision;
	return 1;
}

/* Until the turn is over, whatever way. */
static int decider_wait(struct decider *decider, const struct decision **ret, struct error *err)
{
	int r = 0;

	while (r == 0 && (decider->phase != PHASE_IDLE || decider->closing)) {
		wait_readable(decider, decider->deadline_usec);
		r = decider_receive(decider, ret, err);
	}
	return r;
}

int decider_turn(struct decider *decider, enum decider_occasion occasion,
		 const struct snapshot *snapshot, const struct outcome *outcomes,
		 size_t outcome_count, const struct decision **ret, struct error *err)
{
	int r = decider_send(decider, occasion, snapshot, outcomes, outcome_count, err);

	if (r < 0)
		return r;
	r = decider_wait(decider, ret, err);
	return r < 0 ? r : 0;
}

int decider_restore(struct decider *decider, const char *state, size_t size, struct error *err)
{
	struct wire_turn turn = { .order = WIRE_RESTORE, .state_size = size, .before = -1 };
	const struct decision *decision;
	int r;

	if (size > WIRE_STATE_MAX)
		return error_set(err, -EFBIG, "%s: a state of %zu bytes; %d are the most",
				 decider->path, size, WIRE_STATE_MAX);
	r = decider_ready(decider, err);
	if (r == 0 && room_put(&decider->room, WIRE_STATE_AT, state, size) < 0)
		r = error_set(err, -ENOMEM, "%s: no memory for its state", decider->path);
	if (r < 0)
		return r;
	turn.cpu_usec = decider->limits.load_usec;
	decider_begin(decider, PHASE_RESTORE, turn.cpu_usec);
	say(decider, &turn, sizeof turn);
	r = decider_wait(decider, &decision, err);
	if (r < 0)
		return r;
	if (!decider->restored_said)
		return error_set(err, -EBADMSG, "%s", decider->decision.trouble);
	decider->restored_said = false;
	if (decider->restored[0] != '\0')
		return error_set(err, -EBADMSG, "%s", decider->restored);
	str_clear(&decider->state);
	str_append_bytes(&decider->state, state, size);
	return 0;
}
