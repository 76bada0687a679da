/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * figure7.c and figure7.lua ask for the same, tick by tick, on a host that does what they ask
 * and on one that does not.
 *
 *     figure7_test FIGURE7.c FIGURE7.lua
 */
#include "base/error.h"
#include "base/str.h"
#include "decide/build.h"
#include "decide/decider.h"
#include "model/nice.h"
#include "model/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICKS = 600, LOOK_EACH = 5, VMS = 7, BIRTH_EACH = 7 };

static void set_nice(struct vm *vm, int nice)
{
	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "nice", 4);
	figure_set(vm->value, vm->state, VM_NICE, nice);
	figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, weight_relative_of_nice(nice));
}

/* Busy, in between, idle, and at both borders; now and then not known. */
static void set_load(struct snapshot *snapshot, unsigned tick)
{
	static const int loads[] = { 9500, 9049, 9051, 5000, 300, 949, 951, 1000, 9900, 100 };

	figure_set(snapshot->host.value, snapshot->host.state, HOST_UTILISATION_15MIN,
		   loads[tick / 60 % (sizeof loads / sizeof loads[0])]);
}

static void describe(struct str *out, const struct decision *decision)
{
	size_t i;

	for (i = 0; i < decision->request_count; i++) {
		const struct request *request = &decision->requests[i];

		str_appendf(out, "%d %s %s %lld\n", request->vm.pid,
			    setting_info[request->setting].name, request->release ? "release" : "set",
			    (long long)request->value.number);
	}
}

static void obey(struct snapshot *snapshot, const struct decision *decision)
{
	size_t i;

	for (i = 0; i < decision->request_count; i++)
		set_nice(snapshot_find_vm(snapshot, &decision->requests[i].vm),
			 (int)decision->requests[i].value.number);
}

static const struct decision *ask_at(struct decider *decider, enum decider_occasion occasion,
				     const struct snapshot *snapshot, struct str *out)
{
	const struct decision *decision;
	struct error err;

	if (decider_turn(decider, occasion, snapshot, NULL, 0, &decision, &err) < 0) {
		printf("%s\n", err.text);
		exit(1);
	}
	if (decision->restarted || decision->warning_count > 0) {
		printf("%s\n", decision->restarted ? decision->trouble : decision->warnings[0].text);
		exit(1);
	}
	describe(out, decision);
	return decision;
}

static const struct decision *ask(struct decider *decider, const struct snapshot *snapshot,
				  struct str *out)
{
	return ask_at(decider, DECIDER_TICK, snapshot, out);
}

/* The paper's policy wants to be woken by nothing but time: a birth changes nothing. */
static void tell_birth(struct decider *in_c, const struct snapshot *snapshot)
{
	struct str said;

	str_init(&said);
	if (ask_at(in_c, DECIDER_BIRTH, snapshot, &said)->request_count > 0) {
		printf("at a birth:\n%s", said.data);
		exit(1);
	}
	str_done(&said);
}

static unsigned compare(struct decider *in_c, struct decider *in_lua, bool obeyed)
{
	struct synthetic host;
	struct str c, lua;
	unsigned tick, asked = 0;
	size_t i;

	if (synthetic_init(&host, 4, VMS, 11) < 0)
		abort();
	for (i = 0; i < VMS; i++)
		set_nice(host.snapshot.vms[i], (int)(i * i) % 9 - 4);
	str_init(&c);
	str_init(&lua);
	for (tick = 0; tick < TICKS; tick++) {
		const struct decision *decision;

		synthetic_tick(&host);
		set_load(&host.snapshot, tick);
		str_clear(&c);
		str_clear(&lua);
		decision = ask(in_c, &host.snapshot, &c);
		/* Who calls a policy in Lua keeps to its interval; one in C yields by itself. */
		if (tick % LOOK_EACH == 0)
			ask(in_lua, &host.snapshot, &lua);
		if (c.length != lua.length || memcmp(c.data, lua.data, c.length) != 0) {
			printf("tick %u: in C\n%sin Lua\n%s", tick, c.length > 0 ? c.data : "",
			       lua.length > 0 ? lua.data : "");
			exit(1);
		}
		asked += decision->request_count > 0;
		if (obeyed)
			obey(&host.snapshot, decision);
		if (tick % BIRTH_EACH == 0)
			tell_birth(in_c, &host.snapshot);
	}
	str_done(&c);
	str_done(&lua);
	synthetic_done(&host);
	return asked;
}

static struct decider *start(const char *path)
{
	struct decider *decider;
	struct error err;

	if (decider_new(path, NULL, &decider, &err) < 0) {
		printf("%s\n", err.text);
		exit(1);
	}
	return decider;
}

static unsigned compare_files(const char *program, const char *lua, bool obeyed)
{
	struct decider *in_c = start(program), *in_lua = start(lua);
	unsigned asked = compare(in_c, in_lua, obeyed);

	decider_free(in_c);
	decider_free(in_lua);
	return asked;
}

int main(int count, char **arguments)
{
	char program[] = "/tmp/truce-figure7-XXXXXX.so";
	unsigned obeyed, ignored;
	struct error err;
	int fd;

	if (count != 3)
		return 2;
	fd = mkstemps(program, 3);
	if (fd < 0 || policy_build(arguments[1], program, NULL, &err) < 0) {
		printf("%s\n", fd < 0 ? "no room in /tmp" : err.text);
		return 1;
	}
	close(fd);
	obeyed = compare_files(program, arguments[2], true);
	ignored = compare_files(program, arguments[2], false);
	unlink(program);
	printf("the same at all %d ticks; asked at %u where they are obeyed, at %u where not\n", TICKS,
	       obeyed, ignored);
	/* Adjustments were to be compared, not silence. */
	return obeyed < 20 || ignored < 2;
}
