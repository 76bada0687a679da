/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.out_max and net.out_min: what a guest sends is what its taps receive, and nothing queues
 * there. So it is led through one interface of kind ifb, whose HTB has a class for each shaped tap:
 *
 *     tap: ingress, filter -> ifb: HTB -> parent, one a bridge: what leaves by it at most
 *                                          -> a class a tap: rate out_min, ceil out_max
 *
 * and comes back to where it came from. Guarantees act among the shaped taps of one bridge, since
 * only these share a parent. What is set is read from the kernel alone, so that an undo after a
 * crash needs nothing but its target; the ifb goes with its last class.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/net_taps.h"
#include "act/owner_libvirt.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PARENT_BIT = 0x8000, /* minors of parents: this and the bridge's number */
	MINOR_MAX = 0x7ffe, /* with its queue's handle below the kernel's own */
	CLASSES_MAX = 4096,
};

/* HTB wants a guarantee of each class: this one is as good as none. Bytes a second. */
#define NO_GUARANTEE 1000ull

#define IFB_NAME "truce-ifb"

extern const struct actuator act_net_out;
extern const struct lease_kind act_net_out_max_kind, act_net_out_min_kind;

/* One tap's place. Its text in the journal: "IFB MINOR INDEX NAME NAMESPACE"; who wrote no
 * namespace knew one alone. */
struct place {
	char ifb[TC_NAME_SIZE], tap[TC_NAME_SIZE];
	unsigned minor;
	int tap_index;
	uint64_t namespace;
};

/* Each run directory has its own, so that a test does not meet the host's. */
static void ifb_name(char ret[static TC_NAME_SIZE])
{
	const char *directory = getenv("TRUCE_RUN_DIR");
	uint32_t hash = 2166136261u;

	if (directory == NULL || directory[0] == '\0' || strcmp(directory, LEASES_DIRECTORY) == 0) {
		strcpy(ret, IFB_NAME);
		return;
	}
	for (; *directory != '\0'; directory++)
		hash = (hash ^ (unsigned char)*directory) * 16777619u;
	snprintf(ret, TC_NAME_SIZE, "truce-%08x", hash);
}

static void place_format(const struct place *place, char ret[static 96])
{
	snprintf(ret, 96, "%s %u %d %s %" PRIu64, place->ifb, place->minor, place->tap_index, place->tap,
		 place->namespace);
}

static bool take_name(struct cursor *c, char ret[static TC_NAME_SIZE])
{
	const char *word;
	size_t size;

	if (!cursor_take_word(c, &word, &size) || size >= TC_NAME_SIZE)
		return false;
	memcpy(ret, word, size);
	ret[size] = '\0';
	return true;
}

static int place_parse(const char *target, struct place *ret, struct error *err)
{
	struct cursor c = cursor_over(target, strlen(target));
	uint64_t minor, index;

	if (!take_name(&c, ret->ifb) || !cursor_take_u64(&c, &minor) || minor == 0 ||
	    minor > MINOR_MAX || !cursor_take_u64(&c, &index) || index == 0 || index > INT32_MAX ||
	    !take_name(&c, ret->tap))
		return error_set(err, -EINVAL, "the journal names no tap: %.100s", target);
	ret->minor = (unsigned)minor;
	ret->tap_index = (int)index;
	ret->namespace = 0;
	cursor_take_u64(&c, &ret->namespace);
	return 0;
}

/* -- giving back */

static size_t count_children(const struct tc_class *classes, ssize_t count, unsigned parent)
{
	size_t children = 0;

	for (ssize_t i = 0; i < count && i < CLASSES_MAX; i++)
		children += classes[i].parent == parent;
	return children;
}

/* The parent goes with its last child, and the ifb with its last parent. */
static int remove_parent(struct tc *tc, const struct place *place, int ifb, unsigned parent,
			 struct error *err)
{
	CLEANUP_FREE struct tc_class *classes = calloc(CLASSES_MAX, sizeof *classes);
	ssize_t count;

	if (classes == NULL)
		return error_errno(err, -ENOMEM, "classes");
	count = tc_classes(tc, ifb, classes, CLASSES_MAX, err);
	if (count < 0)
		return (int)count;
	if (parent != 0 && count_children(classes, count, parent) == 0) {
		tc_delete_class(tc, ifb, parent, NULL);
		count--;
	}
	return count <= 0 ? tc_delete_ifb(tc, place->ifb, err) : 0;
}

/* First nothing more goes there, then the class goes. */
static int remove_tap(struct tc *tc, const struct place *place, struct error *err)
{
	struct tc_class class = { 0 };
	struct tc_link ifb;

	tc_delete_redirect(tc, place->tap_index, NULL);
	if (tc_link_by_name(tc, place->ifb, &ifb, NULL) < 0)
		return 0;
	tc_find_class(tc, ifb.index, place->minor, &class, NULL);
	tc_delete_classifier(tc, ifb.index, place->minor, NULL);
	tc_delete_class(tc, ifb.index, place->minor, NULL);
	return remove_parent(tc, place, ifb.index, class.parent, err);
}

/* Without the limit or without the guarantee; false where nothing would be left. */
static bool class_without(struct tc_class *class, bool is_limit)
{
	if (is_limit)
		class->ceil = NET_FREE;
	else
		class->rate = NO_GUARANTEE;
	return class->ceil < NET_FREE || class->rate > NO_GUARANTEE;
}

static int undo_place(struct tc *tc, const struct place *place, bool is_limit, struct error *err)
{
	struct tc_class class;
	struct tc_link ifb;

	if (tc_link_by_name(tc, place->ifb, &ifb, NULL) < 0 ||
	    tc_find_class(tc, ifb.index, place->minor, &class, NULL) < 0 ||
	    !class_without(&class, is_limit))
		return remove_tap(tc, place, err);
	return tc_put_class(tc, ifb.index, &class, err);
}

static int undo_target(void *context, const char *target, bool is_limit, struct error *err)
{
	struct place place;
	struct tc *tc;
	int r = place_parse(target, &place, err);

	if (r < 0 || !net_is_here(context, place.namespace))
		return r;
	r = tc_open(context, &tc, err);
	if (r < 0)
		return r;
	r = undo_place(tc, &place, is_limit, err);
	tc_close(tc);
	return r;
}

static int max_undo(void *context, const struct vm_identity *vm, const char *target,
		    const char *was, const char *now, struct error *err)
{
	return undo_target(context, target, true, err);
}

static int min_undo(void *context, const struct vm_identity *vm, const char *target,
		    const char *was, const char *now, struct error *err)
{
	return undo_target(context, target, false, err);
}

static int max_forget(void *context, const char *target, const char *was, struct error *err)
{
	return undo_target(context, target, true, err);
}

static int min_forget(void *context, const char *target, const char *was, struct error *err)
{
	return undo_target(context, target, false, err);
}

const struct lease_kind act_net_out_max_kind = {
	.name = "net-out-max",
	.undo = max_undo,
	.forget = max_forget,
};

const struct lease_kind act_net_out_min_kind = {
	.name = "net-out-min",
	.undo = min_undo,
	.forget = min_forget,
};

/* -- finding a tap's place */

static bool lease_is_of_tap(const struct lease *lease, const struct vm_identity *vm,
			    const char *ifb, int tap_index, struct place *ret)
{
	return (lease->kind == &act_net_out_max_kind || lease->kind == &act_net_out_min_kind) &&
	       vm_identity_compare(&lease->vm, vm) == 0 &&
	       place_parse(lease->target, ret, NULL) == 0 && strcmp(ret->ifb, ifb) == 0 &&
	       ret->tap_index == tap_index;
}

static bool find_leased(struct leases *leases, const struct vm_identity *vm, const char *ifb,
			int tap_index, struct place *ret)
{
	const struct lease *lease = leases_next(leases, 0);

	for (; lease != NULL; lease = leases_next(leases, lease->id))
		if (lease_is_of_tap(lease, vm, ifb, tap_index, ret))
			return true;
	return false;
}

/* The tap's own number where that is free. */
static unsigned free_minor(struct tc *tc, const char *ifb_name, int tap_index)
{
	unsigned minor = (unsigned)tap_index % MINOR_MAX + 1;
	struct tc_class class;
	struct tc_link ifb;

	if (tc_link_by_name(tc, ifb_name, &ifb, NULL) < 0)
		return minor;
	for (unsigned tried = 0; tried < MINOR_MAX; tried++, minor = minor % MINOR_MAX + 1)
		if (tc_find_class(tc, ifb.index, minor, &class, NULL) == -ENOENT)
			return minor;
	return 0;
}

static int find_place(struct act_context *context, const struct act_target *target,
		      struct tc *tc, const struct tc_link *tap, struct place *ret,
		      struct error *err)
{
	struct place place = { .tap_index = tap->index, .namespace = net_namespace(context->root) };

	ifb_name(place.ifb);
	strcpy(place.tap, tap->name);
	if (!find_leased(context->leases, &target->vm, place.ifb, tap->index, ret)) {
		place.minor = free_minor(tc, place.ifb, tap->index);
		*ret = place;
	}
	return ret->minor != 0 ? 0 : error_set(err, -ENOSPC, "%s has no class to give", ret->ifb);
}

/* -- reading */

/* What the tap is given: a class that it is led to. */
static bool read_tap(struct tc *tc, struct leases *leases, const struct act_target *target,
		     const struct tc_link *tap, struct tc_class *ret)
{
	struct place place;
	struct tc_link ifb;
	char name[TC_NAME_SIZE];

	ifb_name(name);
	return find_leased(leases, &target->vm, name, tap->index, &place) &&
	       tc_link_by_name(tc, place.ifb, &ifb, NULL) == 0 &&
	       tc_find_class(tc, ifb.index, place.minor, ret, NULL) == 0 &&
	       tc_has_redirect(tc, tap->index, ifb.index, NULL) == 1;
}

static int64_t value_of(const struct tc_class *class, enum setting setting)
{
	if (setting == SETTING_NET_OUT_MAX)
		return net_value(class->ceil);
	return class->rate > NO_GUARANTEE ? (int64_t)class->rate : 0;
}

/* Where its taps differ, what the least bound one has: a tap that lost its place has nothing. */
static int out_read(struct act_context *context, const struct act_target *target,
		    enum setting setting, struct setting_value *ret, char where[static 64],
		    struct error *err)
{
	const struct tc_class nothing = { .rate = NO_GUARANTEE, .ceil = NET_FREE };
	struct net_taps taps;
	bool is_limit = setting == SETTING_NET_OUT_MAX;
	int64_t worst = is_limit ? 0 : INT64_MAX;
	int r = net_taps_open(context, target, &taps, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < taps.count; i++) {
		struct tc_class class = nothing;
		int64_t value;

		if (!read_tap(taps.tc, context->leases, target, &taps.links[i], &class))
			class = nothing;
		value = value_of(&class, setting);
		if (is_limit ? value > worst : value < worst)
			worst = value;
	}
	net_taps_close(&taps);
	ret->number = worst;
	snprintf(where, 64, "HTB of an ifb for %.32s", target->taps);
	return 0;
}

/* -- turning */

static int put_ifb(struct tc *tc, const char *name, struct tc_link *ret, struct error *err)
{
	int r = tc_link_by_name(tc, name, ret, NULL);

	if (r < 0)
		r = tc_add_ifb(tc, name, err);
	if (r == 0 && ret->index == 0)
		r = tc_link_by_name(tc, name, ret, err);
	if (r == 0 && strcmp(ret->kind, "ifb") != 0)
		r = error_set(err, -EBUSY, "%s is somebody's interface and no ifb", name);
	return r == 0 ? tc_add_htb(tc, ret->index, 0, err) : r;
}

static unsigned parent_minor(const struct tc_link *tap)
{
	return PARENT_BIT | (unsigned)tap->master % MINOR_MAX;
}

/* Its guarantee and its limit are one: what leaves by the bridge. */
static int put_parent(struct act_context *context, struct tc *tc, int ifb,
		      const struct tc_link *tap, struct error *err)
{
	uint64_t uplink = net_uplink(context, tc, tap->master);
	struct tc_class parent = { .minor = parent_minor(tap) };

	parent.rate = parent.ceil = uplink != 0 ? uplink : NET_FREE;
	return tc_put_class(tc, ifb, &parent, err);
}

/* The class as it is, or as it would be without limit and guarantee; then one of them turned. A
 * guarantee above the limit does no harm: HTB looks at the limit first. */
static struct tc_class class_turned(struct tc *tc, int ifb, unsigned minor, bool is_limit,
				    int64_t value)
{
	struct tc_class class;
	uint64_t rate = net_rate(value);

	if (tc_find_class(tc, ifb, minor, &class, NULL) < 0)
		class = (struct tc_class){ .minor = minor, .rate = NO_GUARANTEE, .ceil = NET_FREE };
	if (is_limit)
		class.ceil = rate;
	else
		class.rate = rate > NO_GUARANTEE ? rate : NO_GUARANTEE;
	class.queue_bytes = net_queue_bytes(class.ceil);
	return class;
}

static int turn_place(struct act_context *context, struct tc *tc, const struct tc_link *tap,
		      const struct place *place, bool is_limit, int64_t value, struct error *err)
{
	struct tc_class class;
	struct tc_link ifb = { 0 };
	int r = put_ifb(tc, place->ifb, &ifb, err);

	if (r == 0)
		r = put_parent(context, tc, ifb.index, tap, err);
	if (r < 0)
		return r;
	class = class_turned(tc, ifb.index, place->minor, is_limit, value);
	class.parent = parent_minor(tap);
	r = tc_put_class(tc, ifb.index, &class, err);
	if (r == 0 && tc_has_redirect(tc, tap->index, ifb.index, NULL) != 1) {
		r = tc_add_classifier(tc, ifb.index, tap->name, place->minor, err);
		if (r == 0)
			r = tc_add_redirect(tc, tap->index, ifb.index, err);
	}
	return r;
}

static int turn_tap(struct act_context *context, const struct act_target *target,
		    struct tc *tc, const struct tc_link *tap, bool is_limit, int64_t value,
		    struct error *err)
{
	const struct lease_kind *kind = is_limit ? &act_net_out_max_kind : &act_net_out_min_kind;
	struct place place;
	char what[96], now[24];
	uint64_t id;
	bool new;
	int r = find_place(context, target, tc, tap, &place, err);

	if (r < 0)
		return r;
	place_format(&place, what);
	snprintf(now, sizeof now, "%" PRId64, value);
	r = act_lease_take(context, target, kind, what, "none", now, &id, &new, err);
	if (r < 0)
		return r;
	r = turn_place(context, tc, tap, &place, is_limit, value, err);
	if (r < 0) {
		error_prefix(err, "%s", tap->name);
		if (new)
			leases_undo(context->leases, id, NULL);
	}
	return r;
}

/* -- the actuator */

/* A guarantee needs to know the whole. */
static int check_uplinks(struct act_context *context, const struct net_taps *taps,
			 struct error *err)
{
	for (size_t i = 0; i < taps->count; i++)
		if (net_uplink(context, taps->tc, taps->links[i].master) == 0)
			return error_set(err, -EOPNOTSUPP, "nobody tells how fast the way out of %s is, so "
					 "nothing can be guaranteed: say it in truce.conf, [limits] uplink = 1 Gbit",
					 taps->links[i].name);
	return 0;
}

static int out_serves(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	struct error err = { 0 };
	struct net_taps taps;
	int r;

	/* What libvirt sets for a tap, it sets without looking what is there. */
	if (owner_libvirt_serves(target, reason)) {
		snprintf(reason, PLAN_REASON_SIZE, "libvirt shapes its taps, and guarantees none of them "
			 "anything");
		return 0;
	}
	r = net_taps_open(context, target, &taps, &err);
	if (r == 0) {
		if (setting == SETTING_NET_OUT_MIN)
			r = check_uplinks(context, &taps, &err);
		net_taps_close(&taps);
	}
	if (r < 0)
		snprintf(reason, PLAN_REASON_SIZE, "%.190s", err.text);
	return r == 0;
}

static int out_set(struct act_context *context, const struct act_target *target,
		   enum setting setting, const struct setting_value *value, char where[static 64],
		   struct error *err)
{
	struct net_taps taps;
	int r = net_taps_open(context, target, &taps, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < taps.count && r == 0; i++)
		r = turn_tap(context, target, taps.tc, &taps.links[i],
			     setting == SETTING_NET_OUT_MAX, value->number, err);
	net_taps_close(&taps);
	snprintf(where, 64, "HTB of an ifb for %.32s", target->taps);
	return r;
}

const struct actuator act_net_out = {
	.name = "net-out",
	.settings = { SETTING_NET_OUT_MAX, SETTING_NET_OUT_MIN },
	.setting_count = 2,
	.serves = out_serves,
	.read = out_read,
	.set = out_set,
};
