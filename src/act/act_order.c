/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_order.h"

/* Whether the number becomes lower, or goes back to what is (mostly) lower: a release of burst. */
static bool goes_down(const struct plan_item *item)
{
	return item->verdict == PLAN_RELEASE ||
	       (item->from_known && item->to.number < item->from.number);
}

/* A ceiling that is released, or of which nothing is known, is raised. */
static bool is_raised(const struct plan_item *item)
{
	return item->verdict == PLAN_RELEASE ||
	       (item->from_known && item->to.number > item->from.number);
}

/* What may give the VM a cgroup of its own goes before nice, which is then the cgroup's. */
static int rank(const struct plan_item *item)
{
	switch (item->setting) {
	case SETTING_HOST_VM_WEIGHT:
		return 0;
	case SETTING_CPU_IDLE:
		return item->verdict == PLAN_SET && item->to.number == 1 ? 10 : 1;
	case SETTING_CPU_WEIGHT:
		return 2;
	case SETTING_CPU_NICE:
		return item->verdict == PLAN_SET ? 9 : 3;
	case SETTING_CPU_SLICE:
		return 3;
	case SETTING_CPU_EXCLUSIVE:
		return 4;
	case SETTING_CPU_AFFINITY:
		return 5;
	case SETTING_CPU_BURST:
		return goes_down(item) ? 6 : 8;
	case SETTING_CPU_QUOTA:
		return 7;
	case SETTING_MEMORY_HIGH:
	case SETTING_NET_OUT_MAX:
		return is_raised(item) ? 11 : 13;
	case SETTING_MEMORY_LOW:
	case SETTING_MEMORY_MIN:
	case SETTING_NET_OUT_MIN:
		return 12;
	case SETTING_MEMORY_RECLAIM:
		return 14;
	default:
		return 15;
	}
}

bool act_order_waits(const struct plan_item *item)
{
	return item->setting == SETTING_HOST_VM_WEIGHT && item->verdict == PLAN_SET;
}

/* By insertion: a VM has few items, and those of one rank stay as they came. */
void act_order(const struct plan_item **items, size_t count)
{
	size_t i, j;

	for (i = 1; i < count; i++) {
		const struct plan_item *item = items[i];
		int at = rank(item);

		for (j = i; j > 0 && rank(items[j - 1]) > at; j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}
