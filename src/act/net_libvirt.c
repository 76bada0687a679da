/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.in_max and net.out_max of libvirt's domains: the bandwidth of its interfaces, which libvirt
 * keeps book of. In libvirt's words inbound is what the guest receives. Its numbers go to
 * tc as kbps, which are 1000 bytes a second: 1000 came to 8Mbit in the kernel (libvirt 9.0).
 */
#include "act/actuator.h"
#include "act/owner_libvirt_group.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KILOBYTE 1000
#define RATE_MOST UINT32_MAX /* libvirt's, kilobytes a second */

extern const struct actuator act_net_libvirt;

enum { NUMBERS = 3 };

static const struct owner_libvirt_number inbound[NUMBERS] = {
	{ "inbound.average", 0 }, { "inbound.peak", 0 }, { "inbound.burst", 0 },
};

static const struct owner_libvirt_number outbound[NUMBERS] = {
	{ "outbound.average", 0 }, { "outbound.peak", 0 }, { "outbound.burst", 0 },
};

static int net_serves(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	if (!owner_libvirt_serves(target, reason))
		return 0;
	if (target->taps[0] == '\0') {
		snprintf(reason, PLAN_REASON_SIZE, "it has no tap on this host");
		return 0;
	}
	return 1;
}

/* The next name of "a,b"; false at the end. */
static bool next_tap(const char **at, char ret[static 32])
{
	size_t size = strcspn(*at, ",");

	if (size == 0 || size >= 32)
		return false;
	memcpy(ret, *at, size);
	ret[size] = '\0';
	*at += size + ((*at)[size] == ',');
	return true;
}

static int net_read(struct act_context *context, const struct act_target *target,
		    enum setting setting, struct setting_value *ret, char where[static 64],
		    struct error *err)
{
	const char *at = target->taps;
	int64_t loosest = 0;
	char tap[32];

	while (next_tap(&at, tap)) {
		struct owner_libvirt_number numbers[NUMBERS];
		int64_t rate;
		int r;

		memcpy(numbers, setting == SETTING_NET_IN_MAX ? inbound : outbound, sizeof numbers);
		r = owner_libvirt_group_read(target, LIBVIRT_INTERFACE, tap, numbers, NUMBERS, err);
		if (r < 0)
			return r;
		rate = numbers[0].number > 0 ? numbers[0].number * KILOBYTE : SETTING_UNLIMITED;
		loosest = rate > loosest ? rate : loosest;
	}
	ret->number = loosest != 0 ? loosest : SETTING_UNLIMITED;
	snprintf(where, 64, "libvirt's bandwidth");
	return 0;
}

/* 0 is libvirt's word for no limit. */
static int64_t rate_for(int64_t value)
{
	int64_t rate = (value + KILOBYTE - 1) / KILOBYTE;

	return value == SETTING_UNLIMITED || rate > RATE_MOST ? 0 : rate;
}

static int net_set(struct act_context *context, const struct act_target *target,
		   enum setting setting, const struct setting_value *value, char where[static 64],
		   struct error *err)
{
	bool is_in = setting == SETTING_NET_IN_MAX;
	struct owner_libvirt_number numbers[NUMBERS];
	const char *at = target->taps;
	char tap[32];
	int r = 0;

	memcpy(numbers, is_in ? inbound : outbound, sizeof numbers);
	numbers[0].number = rate_for(value->number);
	while (r == 0 && next_tap(&at, tap))
		r = owner_libvirt_group_set(context, target, LIBVIRT_INTERFACE, tap,
					    is_in ? "inbound" : "outbound", numbers, NUMBERS, err);
	snprintf(where, 64, "libvirt's bandwidth");
	return r;
}

const struct actuator act_net_libvirt = {
	.name = "net-libvirt",
	.settings = { SETTING_NET_IN_MAX, SETTING_NET_OUT_MAX },
	.setting_count = 2,
	.slow = true,
	.serves = net_serves,
	.read = net_read,
	.set = net_set,
};
