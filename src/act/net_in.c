/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.in_max: what a guest receives is what its taps send, so an HTB at each tap's root limits
 * it. Packets queue there, and what does not fit into the queue is dropped, as on a slow wire.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/net_taps.h"
#include "base/cursor.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define ONLY_CLASS 1

extern const struct actuator act_net_in;
extern const struct lease_kind act_net_in_kind;

/* "INDEX NAME NAMESPACE": a name may pass to another interface, an index does not within one boot
 * and one network namespace. Who wrote no namespace knew one alone. */
static void format_target(struct root *root, const struct tc_link *link, char ret[static 64])
{
	snprintf(ret, 64, "%d %s %" PRIu64, link->index, link->name, net_namespace(root));
}

static int parse_target(const char *target, int *ret_index, uint64_t *ret_namespace)
{
	struct cursor c = cursor_over(target, strlen(target));
	uint64_t index, namespace = 0;
	const char *name;
	size_t size;

	if (!cursor_take_u64(&c, &index) || index == 0 || index > INT32_MAX)
		return -EINVAL;
	if (cursor_take_word(&c, &name, &size))
		cursor_take_u64(&c, &namespace);
	*ret_index = (int)index;
	*ret_namespace = namespace;
	return 0;
}

static int take_away(void *context, const char *target, struct error *err)
{
	uint64_t namespace;
	struct tc *tc;
	int index;
	int r = parse_target(target, &index, &namespace);

	if (r < 0)
		return error_set(err, r, "the journal names no interface: %.100s", target);
	if (!net_is_here(context, namespace))
		return 0;
	r = tc_open(context, &tc, err);
	if (r < 0)
		return r;
	r = tc_delete_htb(tc, index, err);
	tc_close(tc);
	return r;
}

static int kind_undo(void *context, const struct vm_identity *vm, const char *target,
		     const char *was, const char *now, struct error *err)
{
	return take_away(context, target, err);
}

/* A tap may outlive its VM. */
static int kind_forget(void *context, const char *target, const char *was, struct error *err)
{
	return take_away(context, target, err);
}

const struct lease_kind act_net_in_kind = {
	.name = "net-in",
	.undo = kind_undo,
	.forget = kind_forget,
};

static int in_serves(struct act_context *context, const struct act_target *target,
		     enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return net_taps_serve(context, target, reason);
}

/* The lowest of its taps: a tap that lost its limit counts as one without. */
static int in_read(struct act_context *context, const struct act_target *target,
		   enum setting setting, struct setting_value *ret, char where[static 64],
		   struct error *err)
{
	struct net_taps taps;
	struct tc_class class;
	bool limited = true;
	int64_t lowest = SETTING_UNLIMITED;
	int r = net_taps_open(context, target, &taps, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < taps.count; i++) {
		bool found = tc_find_class(taps.tc, taps.links[i].index, ONLY_CLASS, &class, NULL) == 0;

		limited &= found;
		if (found && net_value(class.ceil) < lowest)
			lowest = net_value(class.ceil);
	}
	net_taps_close(&taps);
	ret->number = limited ? lowest : SETTING_UNLIMITED;
	snprintf(where, 64, "HTB of %.40s", target->taps);
	return 0;
}

static int limit_link(struct tc *tc, int index, uint64_t rate, struct error *err)
{
	struct tc_class class = { .minor = ONLY_CLASS, .rate = rate, .ceil = rate,
				  .queue_bytes = net_queue_bytes(rate) };
	int r = tc_add_htb(tc, index, ONLY_CLASS, err);

	return r < 0 ? r : tc_put_class(tc, index, &class, err);
}

static int limit_tap(struct act_context *context, const struct act_target *target,
		     const struct net_taps *taps, const struct tc_link *link, uint64_t rate,
		     struct error *err)
{
	char what[64], now[24];
	uint64_t id;
	bool new;
	int r;

	format_target(context->root, link, what);
	snprintf(now, sizeof now, "%llu", (unsigned long long)rate);
	r = act_lease_take(context, target, &act_net_in_kind, what, "none", now, &id, &new, err);
	if (r < 0)
		return r;
	r = limit_link(taps->tc, link->index, rate, err);
	if (r < 0) {
		error_prefix(err, "%s", link->name);
		if (new)
			leases_undo(context->leases, id, NULL);
	}
	return r;
}

static int in_set(struct act_context *context, const struct act_target *target,
		  enum setting setting, const struct setting_value *value, char where[static 64],
		  struct error *err)
{
	struct net_taps taps;
	int r = net_taps_open(context, target, &taps, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < taps.count && r == 0; i++)
		r = limit_tap(context, target, &taps, &taps.links[i], net_rate(value->number), err);
	net_taps_close(&taps);
	snprintf(where, 64, "HTB of %.40s", target->taps);
	return r;
}

const struct actuator act_net_in = {
	.name = "net-in",
	.settings = { SETTING_NET_IN_MAX },
	.setting_count = 1,
	.serves = in_serves,
	.read = in_read,
	.set = in_set,
};
