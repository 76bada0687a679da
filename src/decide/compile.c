/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/compile.h"

#include "base/str.h"
#include "base/text.h"
#include "decide/compete.h"
#include "decide/knobs.h"
#include "decide/offers.h"
#include "model/nice.h"
#include "model/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* QEMU's own memory beside the guest's: what its devices, its caches and its code take. */
#define VMM_MEMORY_LEAST ((int64_t)128 << 20)
#define VMM_MEMORY_MOST ((int64_t)1 << 30)

struct compiler {
	const struct compile_context *context;
	const struct vm *vm;
	const struct wanted *wanted;
	struct compiled *ret;
	size_t count;
};

static struct compiled *add(struct compiler *c, enum setting asked, enum setting knob)
{
	struct compiled *compiled = &c->ret[c->count++];

	memset(compiled, 0, sizeof *compiled);
	compiled->asked = asked;
	compiled->setting = knob;
	compiled->rank = c->wanted[asked].rank;
	compiled->cause = c->wanted[asked].cause;
	return compiled;
}

static void add_cannot(struct compiler *c, enum setting asked, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_cannot(struct compiler *c, enum setting asked, const char *format, ...)
{
	struct compiled *compiled = add(c, asked, asked);
	va_list args;

	compiled->cannot = true;
	compiled->value = c->wanted[asked].value;
	va_start(args, format);
	vsnprintf(compiled->reason, sizeof compiled->reason, format, args);
	va_end(args);
}

static void add_knob(struct compiler *c, enum setting asked, enum setting knob, int64_t number,
		     const char *format, ...) __attribute__((format(printf, 5, 6)));

static void add_knob(struct compiler *c, enum setting asked, enum setting knob, int64_t number,
		     const char *format, ...)
{
	struct compiled *compiled = add(c, asked, knob);
	va_list args;

	compiled->value.number = number;
	va_start(args, format);
	vsnprintf(compiled->reason, sizeof compiled->reason, format, args);
	va_end(args);
}

static bool offered(struct compiler *c, enum setting knob, char reason[static PLAN_REASON_SIZE])
{
	/* Whoever tried knows better. */
	if (c->wanted[knob].lacking != NULL) {
		snprintf(reason, PLAN_REASON_SIZE, "%s", c->wanted[knob].lacking);
		return false;
	}
	return offers(c->context->snapshot, c->vm, knob, reason);
}

static bool is_wanted(const struct compiler *c, enum setting setting)
{
	return c->wanted[setting].present;
}

static int64_t wanted_number(const struct compiler *c, enum setting setting)
{
	return c->wanted[setting].value.number;
}

/* A reservation goes before a lower limit, unless somebody who goes before wants the limit. */
static int64_t limit_of(const struct compiler *c, enum setting limit, enum setting reserve,
			const char **ret_caveat)
{
	int64_t number = wanted_number(c, limit);

	*ret_caveat = "";
	if (!is_wanted(c, reserve) || wanted_number(c, reserve) <= number ||
	    COMPILE_RANK_WHO(c->wanted[limit].rank) < COMPILE_RANK_WHO(c->wanted[reserve].rank))
		return number;
	*ret_caveat = "its reservation is more than the limit that was asked for, and goes before";
	return wanted_number(c, reserve);
}

/* -- CPU -------------------------------------------------------------------------------- */

/* What is imprecise about a weight on this host, whatever its value. */
static const char *weight_caveat(const struct compile_context *context)
{
	const char *scheduler = context->snapshot->host.text[HOST_TEXT_SCHEDULER];

	if (scheduler != NULL && strncmp(scheduler, "sched_ext", 9) == 0)
		return "a sched_ext scheduler rules here, and may not heed weights";
	if (context->many_parents)
		return "the VMs' cgroups lie below different ones: it holds among those of one";
	return "";
}

/* The nearest nice, with its ratio beside the one that was asked for. */
static void add_nice(struct compiler *c, enum setting asked, int64_t shares, const char *why)
{
	int nice = nice_of_weight_relative(shares * 100);

	/* A reservation is not a little less: the next step up. */
	if (asked == SETTING_CPU_RESERVE)
		while (nice > NICE_LOWEST && weight_relative_of_nice(nice) < shares * 100)
			nice--;
	if (nice == 0 && shares == 100)
		add_knob(c, asked, SETTING_CPU_NICE, 0, "%s", "");
	else
		add_knob(c, asked, SETTING_CPU_NICE, nice,
			 "nice %d gives %.2f:1 instead of %.2f:1, thread by thread; no weight: %.110s",
			 nice, (double)nice_weight(nice) / 1024, (double)shares / 100, why);
}

static void compile_cpu_shares(struct compiler *c)
{
	int64_t shares = wanted_number(c, SETTING_CPU_SHARES);
	char reason[PLAN_REASON_SIZE], why[PLAN_REASON_SIZE];

	if (offered(c, SETTING_CPU_WEIGHT, why))
		add_knob(c, SETTING_CPU_SHARES, SETTING_CPU_WEIGHT, shares, "%s",
			 weight_caveat(c->context));
	else if (offered(c, SETTING_CPU_NICE, reason))
		add_nice(c, SETTING_CPU_SHARES, shares, why);
	else
		add_cannot(c, SETTING_CPU_SHARES, "%s", reason);
}

static int64_t base_weight(const struct compiler *c)
{
	if (is_wanted(c, SETTING_CPU_WEIGHT))
		return wanted_number(c, SETTING_CPU_WEIGHT);
	if (is_wanted(c, SETTING_CPU_SHARES))
		return wanted_number(c, SETTING_CPU_SHARES);
	return 0;
}

static double cpus(int64_t permyriad)
{
	return (double)permyriad / 10000;
}

static void add_reserve_weight(struct compiler *c, int64_t reserve, int64_t weight)
{
	const struct compile_context *context = c->context;
	char why[PLAN_REASON_SIZE];

	if (offered(c, SETTING_CPU_WEIGHT, why))
		add_knob(c, SETTING_CPU_RESERVE, SETTING_CPU_WEIGHT, weight,
			 "%.4g CPUs x %lld (weights of the others) / (%.4g CPUs - %.4g of such "
			 "reservations) = %lld; it holds among VMs: processes beside them take "
			 "their part first",
			 cpus(reserve), (long long)context->weights, cpus(context->cpus),
			 cpus(context->reserved), (long long)weight);
	else
		add_nice(c, SETTING_CPU_RESERVE, weight, why);
}

static void compile_cpu_reserve(struct compiler *c)
{
	int64_t reserve = compile_reserve_usable(c->vm, wanted_number(c, SETTING_CPU_RESERVE));
	int64_t weight;
	char reason[PLAN_REASON_SIZE];

	weight = compile_reserve_weight(c->context, reserve);
	if (reserve == 0 || weight <= base_weight(c))
		return; /* its shares give it that already */
	if (!offered(c, SETTING_CPU_NICE, reason))
		add_cannot(c, SETTING_CPU_RESERVE, "%s", reason);
	else if (weight > 10000)
		add_cannot(c, SETTING_CPU_RESERVE,
			   "%.4g CPUs, of %.4g that are reserved and %.4g that there are: no weight "
			   "up to 10000 gives that", cpus(reserve), cpus(c->context->reserved),
			   cpus(c->context->cpus));
	else
		add_reserve_weight(c, reserve, weight);
}

static void compile_cpu_limit(struct compiler *c)
{
	const char *caveat;
	int64_t limit = limit_of(c, SETTING_CPU_LIMIT, SETTING_CPU_RESERVE, &caveat), burst = 0;
	char reason[PLAN_REASON_SIZE];

	if (!offered(c, SETTING_CPU_QUOTA, reason)) {
		add_cannot(c, SETTING_CPU_LIMIT, "%s", reason);
		return;
	}
	add_knob(c, SETTING_CPU_LIMIT, SETTING_CPU_QUOTA, limit, "%s", caveat);
	/* What it may save up it would use on top of the limit. */
	if (c->vm->state[VM_QUOTA_BURST] == FIGURE_PRESENT)
		burst = c->vm->value[VM_QUOTA_BURST];
	if (limit != SETTING_UNLIMITED && burst > 0)
		add_knob(c, SETTING_CPU_LIMIT, SETTING_CPU_BURST, 0, "%s", "");
}

/* -- memory ----------------------------------------------------------------------------- */

static bool ages_by_generations(const struct compile_context *context)
{
	const char *ageing = context->snapshot->host.text[HOST_TEXT_MEMORY_AGEING];

	return ageing != NULL && strcmp(ageing, "generations") == 0;
}

/* The kernel's measurements are beside memory_protection_tell(). */
static void compile_memory_reserve(struct compiler *c)
{
	int64_t reserve = wanted_number(c, SETTING_MEMORY_RESERVE);
	char reason[PLAN_REASON_SIZE];

	if (offered(c, SETTING_MEMORY_LOW, reason) && ages_by_generations(c->context))
		add_knob(c, SETTING_MEMORY_RESERVE, SETTING_MEMORY_MIN, reserve,
			 "lru_gen is on, and takes below memory.low too: memory.min holds, and is not "
			 "given back even where the kernel must kill");
	else if (offered(c, SETTING_MEMORY_LOW, reason))
		add_knob(c, SETTING_MEMORY_RESERVE, SETTING_MEMORY_LOW, reserve, "%s", "");
	else if (vm_is_hindered(c->vm, "vfio") || vm_is_hindered(c->vm, "hugepages"))
		add_cannot(c, SETTING_MEMORY_RESERVE, "%.130s; nor can anybody take its memory: it is pinned",
			   reason);
	else
		add_cannot(c, SETTING_MEMORY_RESERVE, "%s", reason);
}

/* In steps of an eighth of a power of two, so that the protection does not follow each page. */
static int64_t coarsely(int64_t bytes)
{
	int64_t step = 1 << 20;

	while (step * 16 < bytes)
		step *= 2;
	return bytes / step * step;
}

/*
 * Above 100 shares, that part of what it uses is gone round by reclaim which its neighbours of
 * 100 do not have: half at 200, three quarters at 400. At 100 and below nothing is.
 */
static void compile_memory_shares(struct compiler *c)
{
	int64_t shares = wanted_number(c, SETTING_MEMORY_SHARES), used;
	char reason[PLAN_REASON_SIZE];

	if (!offered(c, SETTING_MEMORY_LOW, reason)) {
		add_cannot(c, SETTING_MEMORY_SHARES, "%s", reason);
		return;
	}
	if (shares <= 100) {
		add_knob(c, SETTING_MEMORY_SHARES, SETTING_MEMORY_LOW, 0, "%s",
			 shares < 100 ? "below 100 it is no less protected than not at all: those "
					"above 100 are" : "");
		return;
	}
	used = c->vm->state[VM_MEMORY_CURRENT] == FIGURE_PRESENT ?
		c->vm->value[VM_MEMORY_CURRENT] : c->vm->value[VM_RSS];
	add_knob(c, SETTING_MEMORY_SHARES, SETTING_MEMORY_LOW,
		 coarsely((int64_t)((__int128)used * (shares - 100) / shares)),
		 "%lld %% of what it uses is protected; the rest is reclaimed as its neighbours' is",
		 (long long)((shares - 100) * 100 / shares));
}

static int64_t room_for_vmm(int64_t guest)
{
	int64_t room = guest / 16;

	return room < VMM_MEMORY_LEAST ? VMM_MEMORY_LEAST :
	       room > VMM_MEMORY_MOST ? VMM_MEMORY_MOST : room;
}

static void compile_memory_limit(struct compiler *c)
{
	const char *caveat;
	int64_t limit = limit_of(c, SETTING_MEMORY_LIMIT, SETTING_MEMORY_RESERVE, &caveat), room;
	char balloon[PLAN_REASON_SIZE], high[PLAN_REASON_SIZE];

	if (limit == SETTING_UNLIMITED)
		return; /* what is wanted is that nobody limits it: what was set is released */
	if (offered(c, SETTING_MEMORY_BALLOON, balloon)) {
		add_knob(c, SETTING_MEMORY_LIMIT, SETTING_MEMORY_BALLOON, limit, "%s",
			 caveat[0] != '\0' ? caveat : "the guest is asked, and may be slow to give");
		return;
	}
	/* An answer that is still to come decides which it is: nothing is squeezed meanwhile. */
	if (c->vm->state[VM_BALLOON_ACTUAL] == FIGURE_NOT_ASKED ||
	    c->vm->state[VM_BALLOON_ACTUAL] == FIGURE_TOO_SOON ||
	    !offered(c, SETTING_MEMORY_HIGH, high)) {
		bool same = offered(c, SETTING_MEMORY_HIGH, high) || strcmp(balloon, high) == 0;

		add_cannot(c, SETTING_MEMORY_LIMIT, same ? "%.90s" : "%.90s, and %.90s", balloon, high);
		return;
	}
	room = room_for_vmm(limit);
	add_knob(c, SETTING_MEMORY_LIMIT, SETTING_MEMORY_HIGH, limit + room,
		 "%.70s: its cgroup is reclaimed above the limit and %lld MiB of the VMM's own, for a "
		 "while at a time", balloon, (long long)(room >> 20));
}

/* -- disk and network ------------------------------------------------------------------- */

static void compile_plainly(struct compiler *c, enum setting asked, enum setting knob)
{
	char reason[PLAN_REASON_SIZE];

	if (offered(c, knob, reason))
		add_knob(c, asked, knob, wanted_number(c, asked), "%s", "");
	else
		add_cannot(c, asked, "%s", reason);
}

static void compile_disk(struct compiler *c, enum setting asked, enum setting reads,
			 enum setting writes, enum setting throttle)
{
	int64_t limit = wanted_number(c, asked);
	char of_cgroup[PLAN_REASON_SIZE], of_vmm[PLAN_REASON_SIZE];

	if (offered(c, reads, of_cgroup)) {
		add_knob(c, asked, reads, limit, "%s", "");
		add_knob(c, asked, writes, limit, "%s", "");
	} else if (offered(c, throttle, of_vmm)) {
		add_knob(c, asked, throttle, limit, "by the VMM, for each disk: %.150s", of_cgroup);
	} else {
		add_cannot(c, asked, "%.95s; %.95s", of_cgroup, of_vmm);
	}
}

static void compile_net_limit(struct compiler *c)
{
	const char *caveat;
	int64_t limit = limit_of(c, SETTING_NET_LIMIT, SETTING_NET_RESERVE, &caveat);
	char reason[PLAN_REASON_SIZE];

	if (!offered(c, SETTING_NET_IN_MAX, reason)) {
		add_cannot(c, SETTING_NET_LIMIT, "%s", reason);
		return;
	}
	add_knob(c, SETTING_NET_LIMIT, SETTING_NET_IN_MAX, wanted_number(c, SETTING_NET_LIMIT), "%s",
		 "");
	add_knob(c, SETTING_NET_LIMIT, SETTING_NET_OUT_MAX, limit, "%s", caveat);
}

/* -- all together ----------------------------------------------------------------------- */

static void compile_intent(struct compiler *c, enum setting intent)
{
	switch (intent) {
	case SETTING_CPU_SHARES:
		compile_cpu_shares(c);
		break;
	case SETTING_CPU_RESERVE:
		compile_cpu_reserve(c);
		break;
	case SETTING_CPU_LIMIT:
		compile_cpu_limit(c);
		break;
	case SETTING_MEMORY_SHARES:
		compile_memory_shares(c);
		break;
	case SETTING_MEMORY_RESERVE:
		compile_memory_reserve(c);
		break;
	case SETTING_MEMORY_LIMIT:
		compile_memory_limit(c);
		break;
	case SETTING_DISK_SHARES:
		compile_plainly(c, intent, SETTING_DISK_WEIGHT);
		break;
	case SETTING_DISK_LIMIT:
		compile_disk(c, intent, SETTING_DISK_READ_MAX, SETTING_DISK_WRITE_MAX,
			     SETTING_DISK_THROTTLE);
		break;
	case SETTING_DISK_LIMIT_OPERATIONS:
		compile_disk(c, intent, SETTING_DISK_READ_OPERATIONS_MAX,
			     SETTING_DISK_WRITE_OPERATIONS_MAX, SETTING_DISK_THROTTLE_OPERATIONS);
		break;
	case SETTING_NET_RESERVE:
		compile_plainly(c, intent, SETTING_NET_OUT_MIN);
		break;
	case SETTING_NET_LIMIT:
		compile_net_limit(c);
		break;
	default:
		add_cannot(c, intent, "nothing here carries it");
	}
}

static void compile_knob(struct compiler *c, enum setting knob)
{
	char reason[PLAN_REASON_SIZE];

	if (!offered(c, knob, reason)) {
		add_cannot(c, knob, "%s", reason);
		return;
	}
	/* What is never given back is bounded by the host's memory: the sum of reserves is. */
	if (knob == SETTING_MEMORY_MIN) {
		add_cannot(c, knob, "it is turned for a memory.reserve alone, whose sum is watched: ask "
			   "for that");
		return;
	}
	add_knob(c, knob, knob, 0, "%s", knob == SETTING_CPU_WEIGHT ? weight_caveat(c->context) : "");
	c->ret[c->count - 1].value = c->wanted[knob].value;
}

/* Knobs that turn the same thing: a weight is a nice in another scale. */
static enum setting knob_family(enum setting knob)
{
	return knob == SETTING_CPU_NICE ? SETTING_CPU_WEIGHT : knob;
}

/* Whether a goes before b, of one family. */
static bool goes_before(const struct compiled *a, const struct compiled *b)
{
	bool direct_a = a->asked == a->setting, direct_b = b->asked == b->setting;

	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (direct_a != direct_b)
		return direct_a;
	if (a->setting != b->setting)
		return a->setting < b->setting;
	return setting_is_tightened(a->setting, a->value.number, b->value.number);
}

static void overrule(struct compiled *loser, const struct compiled *winner)
{
	struct str text;

	str_init(&text);
	str_appendf(&text, "%s comes to %s ", setting_info[winner->asked].name,
		    setting_info[winner->setting].name);
	setting_append(&text, winner->setting, &winner->value);
	str_append(&text, " and goes before");
	if (winner->cause != NULL)
		str_appendf(&text, " (%.60s)", winner->cause->policy);
	loser->cannot = loser->overruled = true;
	text_copy(loser->reason, sizeof loser->reason, text.data != NULL ? text.data : "",
		  text.length);
	str_done(&text);
}

/* What one policy wants of one knob in two ways is its own plan, and no quarrel. */
static bool is_quarrel(const struct compiled *winner, const struct compiled *loser)
{
	return COMPILE_RANK_WHO(winner->rank) != COMPILE_RANK_WHO(loser->rank);
}

static void lose(struct compiled *loser, const struct compiled *winner)
{
	if (is_quarrel(winner, loser))
		overrule(loser, winner);
	else
		loser->asked = SETTING_COUNT; /* to be left out */
}

/* The kernel takes no weight for an idle cgroup: one of the two has to give way. */
static void settle_idle(struct compiler *c)
{
	struct compiled *idle = NULL;
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->ret[i].setting == SETTING_CPU_IDLE && !c->ret[i].cannot &&
		    c->ret[i].value.number == 1)
			idle = &c->ret[i];
	for (i = 0; i < c->count && idle != NULL && !idle->cannot; i++) {
		struct compiled *one = &c->ret[i];

		if (one->cannot || one->asked == SETTING_COUNT ||
		    knob_family(one->setting) != SETTING_CPU_WEIGHT)
			continue;
		if (COMPILE_RANK_WHO(one->rank) < COMPILE_RANK_WHO(idle->rank))
			lose(idle, one);
		else
			lose(one, idle);
	}
}

static void settle(struct compiler *c)
{
	size_t i, j, kept = 0;

	for (i = 0; i < c->count; i++) {
		struct compiled *one = &c->ret[i], *best = one;

		for (j = 0; j < c->count && !one->cannot; j++)
			if (j != i && !c->ret[j].cannot &&
			    knob_family(c->ret[j].setting) == knob_family(one->setting) &&
			    goes_before(&c->ret[j], best))
				best = &c->ret[j];
		if (best != one)
			lose(one, best);
	}
	settle_idle(c);
	for (i = 0; i < c->count; i++)
		if (c->ret[i].asked != SETTING_COUNT)
			c->ret[kept++] = c->ret[i];
	c->count = kept;
}

static int compiled_compare(const void *left, const void *right)
{
	const struct compiled *a = left, *b = right;

	if (a->setting != b->setting)
		return a->setting < b->setting ? -1 : 1;
	if (a->cannot != b->cannot)
		return a->cannot ? 1 : -1;
	return (int)a->asked - (int)b->asked;
}

/* A VM that has just been born: what its owner is and where it lies decides everything. */
static bool is_unseen(const struct vm *vm)
{
	return vm != NULL && vm->text[VM_TEXT_CGROUP] == NULL;
}

static void put_off(struct compiler *c, enum setting asked)
{
	add_cannot(c, asked, "where this VM lies (its cgroup) is not known yet");
	c->ret[c->count - 1].overruled = true;
}

size_t compile_vm(const struct compile_context *context, const struct vm *vm,
		  const struct wanted wanted[static SETTING_COUNT],
		  struct compiled ret[static COMPILED_MAX])
{
	struct compiler c = { .context = context, .vm = vm, .wanted = wanted, .ret = ret };
	int i;

	for (i = 0; i < SETTING_COUNT; i++) {
		const struct setting_info *info = &setting_info[i];

		if (!wanted[i].present || (info->scope == SETTING_SCOPE_HOST) != (vm == NULL))
			continue;
		if (is_unseen(vm))
			put_off(&c, (enum setting)i);
		else if (info->kind == SETTING_KIND_INTENT)
			compile_intent(&c, (enum setting)i);
		else
			compile_knob(&c, (enum setting)i);
	}
	settle(&c);
	qsort(ret, c.count, sizeof *ret, compiled_compare);
	return c.count;
}

/* -- what to expect --------------------------------------------------------------------- */

static int part(int64_t weight, int64_t all)
{
	return all > 0 ? (int)((weight * 200 + all) / (2 * all)) : 100;
}

static void predict_weight(const struct compile_context *context, int64_t from, int64_t to,
			   char ret[static CAUSE_TEXT_SIZE])
{
	snprintf(ret, CAUSE_TEXT_SIZE, "its part when all VMs want the CPU: %d %% -> %d %%",
		 part(from, context->weights_now), part(to, context->weights_then));
}

void compile_predict(const struct compile_context *context, const struct compiled *compiled,
		     const struct setting_value *from, char ret[static CAUSE_TEXT_SIZE])
{
	struct str value;

	ret[0] = '\0';
	str_init(&value);
	setting_append(&value, compiled->setting, &compiled->value);
	switch (compiled->setting) {
	case SETTING_CPU_WEIGHT:
		predict_weight(context, from != NULL ? from->number : 100, compiled->value.number, ret);
		break;
	case SETTING_CPU_NICE:
		predict_weight(context,
			       weight_relative_of_nice(from != NULL ? (int)from->number : 0) / 100,
			       weight_relative_of_nice((int)compiled->value.number) / 100, ret);
		break;
	case SETTING_CPU_QUOTA:
		if (compiled->value.number != SETTING_UNLIMITED)
			snprintf(ret, CAUSE_TEXT_SIZE, "it uses at most %s; beyond that it is throttled, "
				 "which is not waiting", value.data != NULL ? value.data : "");
		break;
	case SETTING_MEMORY_BALLOON:
		snprintf(ret, CAUSE_TEXT_SIZE, "the guest has %s as soon as it has given the rest",
			 value.data != NULL ? value.data : "");
		break;
	case SETTING_HOST_VM_WEIGHT:
		snprintf(ret, CAUSE_TEXT_SIZE, "VMs together %d %% against one other group of weight 100",
			 part(compiled->value.number, compiled->value.number + 100));
		break;
	default:
		break;
	}
	str_done(&value);
}
