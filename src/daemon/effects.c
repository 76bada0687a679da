/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/effects.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

void effects_done(struct effects *effects)
{
	free(effects->waits);
	memset(effects, 0, sizeof *effects);
}

/* -- one look ----------------------------------------------------------------------------- */

static void take(struct effect_mark *mark, enum effect_figure to, const struct vm *vm,
		 enum vm_figure from)
{
	if (vm->state[from] != FIGURE_PRESENT)
		return;
	mark->total[to] = vm->value[from];
	mark->known[to] = true;
}

/* Both, or none of it. */
static void take_sum(struct effect_mark *mark, enum effect_figure to, const struct vm *vm,
		     enum vm_figure a, enum vm_figure b)
{
	if (vm->state[a] != FIGURE_PRESENT || vm->state[b] != FIGURE_PRESENT)
		return;
	mark->total[to] = vm->value[a] + vm->value[b];
	mark->known[to] = true;
}

/* In hundredths of a per cent of all CPUs once it is divided by the time: busy time per CPU. */
static void take_host(struct effect_mark *mark, const struct snapshot *snapshot)
{
	static const enum cpu_figure busy[] = { CPU_USER, CPU_NICE, CPU_SYSTEM, CPU_IRQ, CPU_SOFTIRQ,
						CPU_GUEST };
	int64_t total = 0;
	size_t i, j;

	for (i = 0; i < snapshot->cpu_count; i++)
		for (j = 0; j < sizeof busy / sizeof *busy; j++)
			if (snapshot->cpus[i].state[busy[j]] == FIGURE_PRESENT)
				total += snapshot->cpus[i].value[busy[j]];
	mark->known[EFFECT_HOST] = snapshot->cpu_count > 0;
	if (snapshot->cpu_count > 0)
		mark->total[EFFECT_HOST] = total / (int64_t)snapshot->cpu_count;
}

void effect_look(const struct snapshot *snapshot, const struct vm *vm, struct effect_mark *ret)
{
	memset(ret, 0, sizeof *ret);
	ret->monotonic_usec = snapshot->monotonic_usec;
	take_host(ret, snapshot);
	if (vm == NULL)
		return;
	take_sum(ret, EFFECT_CPU, vm, VM_USER, VM_SYSTEM);
	take(ret, EFFECT_WAITING, vm, VM_WAITING);
	take(ret, EFFECT_RSS, vm, VM_RSS);
	take_sum(ret, EFFECT_DISK, vm, VM_DISK_READ, VM_DISK_WRITTEN);
	take_sum(ret, EFFECT_NET, vm, VM_NET_RECEIVED, VM_NET_SENT);
}

void effect_remember(struct effect_history *history, const struct effect_mark *mark)
{
	const struct effect_mark *last = &history->marks[(history->next + EFFECT_MARKS - 1) %
							 EFFECT_MARKS];

	if (last->monotonic_usec != 0 &&
	    mark->monotonic_usec - last->monotonic_usec < EFFECT_EVERY_USEC)
		return;
	history->marks[history->next] = *mark;
	history->next = (history->next + 1) % EFFECT_MARKS;
}

/* -- between two looks -------------------------------------------------------------------- */

static void rate(const struct effect_mark *from, const struct effect_mark *to, bool *known,
		 int64_t *value)
{
	uint64_t usec = to->monotonic_usec - from->monotonic_usec;
	unsigned i;

	for (i = 0; i < EFFECT_COUNT; i++) {
		/* Times become hundredths of a per cent, bytes become bytes a second. */
		double scale = i == EFFECT_DISK || i == EFFECT_NET ? 1e6 : 1e4;

		known[i] = i == EFFECT_RSS ? to->known[i] : from->known[i] && to->known[i] && usec > 0;
		if (!known[i])
			continue;
		if (i == EFFECT_RSS)
			value[i] = to->total[i];
		else
			value[i] = (int64_t)((double)(to->total[i] - from->total[i]) * scale /
					     (double)usec + 0.5);
	}
}

/* The oldest mark that is not older than the window; NULL: none. */
static const struct effect_mark *first_mark(const struct effect_history *history, uint64_t now)
{
	const struct effect_mark *first = NULL;
	unsigned i;

	for (i = 0; i < EFFECT_MARKS; i++) {
		const struct effect_mark *mark = &history->marks[i];

		if (mark->monotonic_usec == 0 || mark->monotonic_usec >= now ||
		    now - mark->monotonic_usec > EFFECT_WINDOW_USEC + EFFECT_EVERY_USEC)
			continue;
		if (first == NULL || mark->monotonic_usec < first->monotonic_usec)
			first = mark;
	}
	return first;
}

void effects_begin(struct effects *effects, uint64_t id, const struct vm_identity *vm,
		   const struct effect_history *history, const struct effect_mark *now)
{
	const struct effect_mark *first = first_mark(history, now->monotonic_usec);
	struct effect_wait *wait;

	if (effects->count == EFFECTS_MOST) {
		memmove(effects->waits, effects->waits + 1, (effects->count - 1) * sizeof *effects->waits);
		effects->count--;
	}
	if (!VEC_RESERVE(effects->waits, effects->capacity, effects->count + 1))
		return;
	wait = &effects->waits[effects->count++];
	memset(wait, 0, sizeof *wait);
	wait->id = id;
	wait->vm = *vm;
	wait->at = *now;
	if (first == NULL)
		return;
	wait->effect.before_usec = now->monotonic_usec - first->monotonic_usec;
	rate(first, now, wait->effect.before_known, wait->effect.before);
}

bool effects_take_due(struct effects *effects, uint64_t monotonic_usec, struct effect_wait *ret)
{
	if (effects->count == 0 ||
	    monotonic_usec - effects->waits[0].at.monotonic_usec < EFFECT_WINDOW_USEC)
		return false;
	*ret = effects->waits[0];
	effects->count--;
	memmove(effects->waits, effects->waits + 1, effects->count * sizeof *effects->waits);
	return true;
}

void effect_finish(struct effect_wait *wait, const struct effect_mark *now)
{
	wait->effect.after_usec = now->monotonic_usec - wait->at.monotonic_usec;
	rate(&wait->at, now, wait->effect.after_known, wait->effect.after);
}
