/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truce-decide: one policy, in a process that can do nothing but think. It is started by the
 * decider of its parent with a socket, the room, and for a policy in C its program; there is
 * nothing to call it by hand for.
 */
#include "decide/child.h"

#include "base/error.h"
#include "decide/crash.h"
#include "decide/sandbox.h"
#include "decide/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

static struct {
	const struct child_language *language;
	struct wire_hello hello;
	const char *room;
	struct str out, state, problems;
	const struct snapshot *now;
	bool answering; /* a turn has been given and not been answered */
	struct turn turn;
} child;

static void read_whole(void *to, size_t size)
{
	size_t at = 0;

	while (at < size) {
		ssize_t got = read(WIRE_SOCKET_FD, (char *)to + at, size - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			_exit(0); /* the parent is gone, or wants no more of this */
		at += (size_t)got;
	}
}

static void write_whole(const struct str *bytes)
{
	size_t at = 0;

	if (bytes->failed)
		abort(); /* out of memory: the limit is the policy's, and it is told so */
	while (at < bytes->length) {
		ssize_t put = write(WIRE_SOCKET_FD, bytes->data + at, bytes->length - at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			_exit(0);
		at += (size_t)put;
	}
}

static void say_sentence(enum wire_kind kind, const char *text)
{
	wire_begin(&child.out, kind);
	wire_put_sentence(&child.out, text);
	wire_end(&child.out);
	write_whole(&child.out);
}

static void say_problems(void)
{
	if (child.problems.length == 0 || child.problems.failed)
		return;
	wire_begin(&child.out, WIRE_PROBLEMS);
	wire_put_problems(&child.out, &child.problems);
	wire_end(&child.out);
	write_whole(&child.out);
}

static void refuse(const struct error *err)
{
	say_sentence(WIRE_REFUSED, err->text);
	_exit(1);
}

/* -- turns ------------------------------------------------------------------------------------- */

static int sink_request(void *context, const struct request *request)
{
	wire_put_request(&child.out, child.now, request);
	return child.out.failed ? -ENOMEM : 0;
}

static void sink_warning(void *context, const struct vm_identity *vm, const char *text)
{
	wire_put_warning(&child.out, child.now, vm, text);
}

static void answer(void)
{
	str_clear(&child.state);
	if (child.language->state_append(&child.state))
		wire_put_state(&child.out, child.state.data, child.state.length);
	wire_end(&child.out);
	crash_limit(0);
	child.answering = false;
	write_whole(&child.out);
}

static void restore(const struct wire_turn *order)
{
	struct error err = { .text = "" };

	crash_limit(order->cpu_usec);
	if (child.language->state_take(child.room + WIRE_STATE_AT, order->state_size, &err) == 0)
		err.text[0] = '\0';
	crash_limit(0);
	say_sentence(WIRE_RESTORED, err.text);
}

static void begin_turn(const struct wire_turn *order)
{
	const char *images = child.room;

	child.now = (const struct snapshot *)(images + order->image * WIRE_IMAGE_BYTES);
	child.turn = (struct turn){
		.occasion = (enum decider_occasion)order->occasion,
		.now = child.now,
		.outcomes = (const struct outcome *)(uintptr_t)order->outcomes,
		.outcome_count = order->outcome_count,
		.sink = { NULL, sink_request, sink_warning },
	};
	if (order->before >= 0)
		child.turn.before = (const struct snapshot *)(images + (unsigned)order->before *
									      WIRE_IMAGE_BYTES);
	wire_begin(&child.out, WIRE_DECISION);
	child.answering = true;
	crash_limit(order->cpu_usec);
}

const struct turn *child_next(void)
{
	struct wire_turn order;

	if (child.answering)
		answer();
	for (;;) {
		read_whole(&order, sizeof order);
		if (order.order == WIRE_TURN)
			break;
		restore(&order);
	}
	begin_turn(&order);
	return &child.turn;
}

static void run(void)
{
	struct error err;

	for (;;) {
		const struct turn *turn = child_next();

		if (child.language->turn(turn, &err) < 0)
			refuse(&err);
	}
}

/* -- beginning ----------------------------------------------------------------------------------- */

static int map_room(struct error *err)
{
	void *wanted = (void *)(uintptr_t)WIRE_ROOM_ADDRESS;
	void *room = mmap(wanted, WIRE_ROOM_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE,
			  WIRE_ROOM_FD, 0);

	if (room == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the snapshots");
	if (room != wanted)
		return error_set(err, -EEXIST, "cannot map the snapshots where they belong");
	close(WIRE_ROOM_FD);
	child.room = room;
	return 0;
}

static int begin(struct error *err)
{
	bool in_c = child.hello.language == DECIDER_C;
	int r;

	if (child.hello.magic != WIRE_MAGIC || child.hello.layout != wire_layout())
		return error_set(err, -EPROTO, "truce-decide is of another build than the program "
				 "that started it: restart truced");
	if (getppid() != child.hello.parent)
		_exit(0); /* it died before PDEATHSIG was set */
	child.language = in_c ? &child_c : &child_lua;
	r = map_room(err);
	if (r == 0)
		r = crash_handle(child.language->where);
	if (r == 0)
		r = sandbox_enter(in_c, err);
	if (r < 0)
		return r;
	crash_limit(child.hello.load_usec);
	r = child.language->load(child.room + WIRE_SOURCE_AT, child.hello.source_size,
				 child.hello.path, child.hello.memory_bytes, &child.problems, err);
	if (r == 0 && in_c)
		r = sandbox_close(err);
	/* A state that cannot be taken any more is none: the policy begins anew. */
	if (r == 0 && child.hello.state_size > 0)
		child.language->state_take(child.room + WIRE_STATE_AT, child.hello.state_size, NULL);
	crash_limit(0);
	return r;
}

static void say_loaded(void)
{
	wire_begin(&child.out, WIRE_LOADED);
	policy_append(child.language->description(), &child.out);
	wire_end(&child.out);
	write_whole(&child.out);
}

int main(void)
{
	struct error err = { .text = "it cannot be loaded" };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	str_init(&child.out);
	str_init(&child.state);
	str_init(&child.problems);
	if (write(WIRE_SOCKET_FD, "", 0) < 0) {
		fputs("truce-decide: is started by truced and truce, not by hand\n", stderr);
		return 2;
	}
	read_whole(&child.hello, sizeof child.hello);
	if (begin(&err) < 0) {
		say_problems();
		refuse(&err);
	}
	str_done(&child.problems);
	say_loaded();
	run();
}
