/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/net_taps.h"

#include "act/actuator.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "sys/field.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORTS_MAX 1024
#define BITS_PER_MEGABYTE 125000ull /* bytes a second of one Mbit/s */

uint64_t net_namespace(struct root *root)
{
	struct cursor c;
	char text[64];
	uint64_t number;
	ssize_t size = root_readlink(root, "/proc/self/ns/net", text, sizeof text);

	if (size <= 0)
		return 0;
	c = cursor_over(text, strnlen(text, (size_t)size));
	return cursor_take_text(&c, "net:[") && cursor_take_u64(&c, &number) ? number : 0;
}

bool net_is_here(struct root *root, uint64_t namespace)
{
	uint64_t ours = namespace != 0 ? net_namespace(root) : 0;

	return ours == 0 || ours == namespace;
}

/* Its taps are found by name, and names hold within one network namespace. */
static int check_namespace(struct act_context *context, const struct act_target *target,
			   struct error *err)
{
	char path[48], its[64], ours[64];

	snprintf(path, sizeof path, "/proc/%d/ns/net", target->vm.pid);
	if (root_readlink(context->root, path, its, sizeof its) < 0 ||
	    root_readlink(context->root, "/proc/self/ns/net", ours, sizeof ours) < 0)
		return 0;
	if (strcmp(its, ours) != 0)
		return error_set(err, -EOPNOTSUPP, "its taps are in a network namespace of its own");
	return 0;
}

static int check_link(struct tc *tc, const struct tc_link *link, struct error *err)
{
	struct tc_link master;

	if (strcmp(link->kind, "macvtap") == 0)
		return error_set(err, -EOPNOTSUPP, "%s is a macvtap: its queue is that of the "
				 "interface below it", link->name);
	if (strcmp(link->kind, "tun") != 0)
		return error_set(err, -EOPNOTSUPP, "%s is no tap", link->name);
	if (link->master != 0 && tc_link_by_index(tc, link->master, &master, NULL) == 0 &&
	    strcmp(master.kind, "openvswitch") == 0)
		return error_set(err, -EOPNOTSUPP, "%s is a port of Open vSwitch: its queues are for "
				 "ovs-vsctl to set", link->name);
	return 0;
}

static int add_tap(struct net_taps *taps, const char *name, struct error *err)
{
	struct tc_link *link = &taps->links[taps->count];
	int r;

	if (taps->count == NET_TAPS_MAX)
		return error_set(err, -EOPNOTSUPP, "it has more than %d taps", NET_TAPS_MAX);
	r = tc_link_by_name(taps->tc, name, link, err);
	if (r == 0)
		r = check_link(taps->tc, link, err);
	taps->count += r == 0;
	return r;
}

static int add_taps(struct net_taps *taps, const char *names, struct error *err)
{
	char name[TC_NAME_SIZE];
	int r = 0;

	while (*names != '\0' && r == 0) {
		size_t size = strcspn(names, ",");

		if (size >= sizeof name)
			return error_set(err, -EINVAL, "no interface is called %.64s", names);
		memcpy(name, names, size);
		name[size] = '\0';
		names += size + (names[size] == ',');
		if (size > 0)
			r = add_tap(taps, name, err);
	}
	return r;
}

int net_taps_open(struct act_context *context, const struct act_target *target,
		  struct net_taps *ret, struct error *err)
{
	struct net_taps taps = { 0 };
	int r;

	if (target->taps[0] == '\0')
		return error_set(err, -EOPNOTSUPP, "it has no tap on this host");
	r = check_namespace(context, target, err);
	if (r == 0)
		r = tc_open(context->root, &taps.tc, err);
	if (r == 0)
		r = add_taps(&taps, target->taps, err);
	if (r == 0 && taps.count == 0)
		r = error_set(err, -EOPNOTSUPP, "it has no tap on this host");
	if (r < 0) {
		net_taps_close(&taps);
		return r;
	}
	*ret = taps;
	return 0;
}

void net_taps_close(struct net_taps *taps)
{
	tc_close(taps->tc);
}

int net_taps_serve(struct act_context *context, const struct act_target *target,
		   char reason[static PLAN_REASON_SIZE])
{
	struct error err = { 0 };
	struct net_taps taps;

	if (net_taps_open(context, target, &taps, &err) < 0) {
		snprintf(reason, PLAN_REASON_SIZE, "%.190s", err.text);
		return 0;
	}
	net_taps_close(&taps);
	return 1;
}

/* In Mbit/s; an interface that is down or has no wire says nothing, or -1. */
static uint64_t speed_of(struct root *root, const char *name)
{
	char path[64], text[32];
	int64_t speed;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/class/net/%s/speed", name);
	size = root_read(root, path, text, sizeof text);
	if (size <= 0 || field_parse_number(text, (size_t)size, &speed) < 0 || speed <= 0 ||
	    speed > 10000000)
		return 0;
	return (uint64_t)speed * BITS_PER_MEGABYTE;
}

uint64_t net_uplink(struct act_context *context, struct tc *tc, int bridge)
{
	CLEANUP_FREE struct tc_link *ports = NULL;
	uint64_t fastest = 0;
	ssize_t count;

	if (context->options->uplink_bytes_per_second != 0)
		return context->options->uplink_bytes_per_second;
	if (bridge == 0)
		return 0;
	ports = calloc(PORTS_MAX, sizeof *ports);
	count = ports != NULL ? tc_ports(tc, bridge, ports, PORTS_MAX, NULL) : 0;
	for (ssize_t i = 0; i < count && i < PORTS_MAX; i++) {
		uint64_t speed = strcmp(ports[i].kind, "tun") != 0 ?
				 speed_of(context->root, ports[i].name) : 0;

		fastest = speed > fastest ? speed : fastest;
	}
	return fastest;
}

/* A guest hands over up to 64 KiB as one packet. */
#define QUEUE_LEAST (128ull << 10)
#define QUEUE_MOST (16ull << 20)

uint64_t net_queue_bytes(uint64_t rate)
{
	uint64_t bytes = rate / 10;

	if (bytes < QUEUE_LEAST)
		return QUEUE_LEAST;
	return bytes < QUEUE_MOST ? bytes : QUEUE_MOST;
}

uint64_t net_rate(int64_t value)
{
	return value == SETTING_UNLIMITED || (uint64_t)value > NET_FREE ? NET_FREE : (uint64_t)value;
}

int64_t net_value(uint64_t rate)
{
	return rate >= NET_FREE ? SETTING_UNLIMITED : (int64_t)rate;
}
