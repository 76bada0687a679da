/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/tc.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/root.h"
#include "sys/tc_message.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/act/mirred.h>
#include <netlink/route/class.h>
#include <netlink/route/classifier.h>
#include <netlink/route/cls/u32.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/fifo.h>
#include <netlink/route/qdisc/htb.h>
#include <netlink/route/tc.h>
#include <stdlib.h>
#include <string.h>

#define OUR_HANDLE TC_HANDLE(TC_MAJOR, 0)
/* A class's own queue has its minor and this for a handle; ours are below. */
#define LEAF_BIT 0x8000
#define INGRESS_HANDLE TC_HANDLE(0xffff, 0)

/* A class may send this long at full speed what it saved: a timer tick's worth and more. */
#define BURST_PER_SECOND 100
#define BURST_LEAST 16384
/* What one class sends before the next has its turn: several frames. */
#define QUANTUM 10000
/* An ifb queues 32 packets by itself, too few for one TCP stream. */
#define IFB_QUEUE_PACKETS 256

struct tc {
	struct nl_sock *socket;
};

static void cache_free(struct nl_cache **cache)
{
	nl_cache_free(*cache);
}

static void qdisc_put(struct rtnl_qdisc **qdisc)
{
	rtnl_qdisc_put(*qdisc);
}

static void class_put(struct rtnl_class **class)
{
	rtnl_class_put(*class);
}

static void link_put(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

#define CLEANUP_CACHE CLEANUP(cache_free)

static int code_of(int nle)
{
	static const struct {
		int nle, code;
	} codes[] = {
		{ NLE_OBJ_NOTFOUND, -ENOENT },   { NLE_NODEV, -ENODEV },
		{ NLE_EXIST, -EEXIST },          { NLE_OPNOTSUPP, -EOPNOTSUPP },
		{ NLE_PERM, -EPERM },            { NLE_NOACCESS, -EACCES },
		{ NLE_BUSY, -EBUSY },            { NLE_INVAL, -EINVAL },
		{ NLE_NOMEM, -ENOMEM },          { NLE_RANGE, -ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].nle == abs(nle))
			return codes[i].code;
	return -EIO;
}

static int failed(int nle, struct error *err, const char *what)
{
	return error_set(err, code_of(nle), "%s: the kernel says: %s", what, nl_geterror(nle));
}

/* What the kernel has no module for comes as "not found". */
static int module_failed(int nle, struct error *err, const char *what, const char *module)
{
	int code = code_of(nle);

	if (code == -ENOENT || code == -EOPNOTSUPP)
		return error_set(err, -EOPNOTSUPP, "%s: this kernel lacks the module %s", what, module);
	return failed(nle, err, what);
}

int tc_open(struct root *root, struct tc **ret, struct error *err)
{
	struct tc *tc;
	int r;

	/* Only what has processes has interfaces that can be turned. */
	if (root_is_captured(root) || root->ops->pidfd == NULL)
		return error_set(err, -ENOSYS, "a captured host has no interface to shape");
	tc = calloc(1, sizeof *tc);
	if (tc != NULL)
		tc->socket = nl_socket_alloc();
	if (tc == NULL || tc->socket == NULL) {
		free(tc);
		return error_errno(err, -ENOMEM, "rtnetlink");
	}
	r = nl_connect(tc->socket, NETLINK_ROUTE);
	if (r < 0) {
		tc_close(tc);
		return failed(r, err, "rtnetlink cannot be opened");
	}
	*ret = tc;
	return 0;
}

void tc_close(struct tc *tc)
{
	if (tc == NULL)
		return;
	nl_socket_free(tc->socket);
	free(tc);
}

/* -- interfaces */

static void link_take(struct rtnl_link *link, struct tc_link *ret)
{
	const char *kind = rtnl_link_get_type(link);

	memset(ret, 0, sizeof *ret);
	snprintf(ret->name, sizeof ret->name, "%s", rtnl_link_get_name(link));
	snprintf(ret->kind, sizeof ret->kind, "%s", kind != NULL ? kind : "");
	ret->index = rtnl_link_get_ifindex(link);
	ret->master = rtnl_link_get_master(link);
	ret->up = (rtnl_link_get_flags(link) & IFF_UP) != 0;
}

static int link_get(struct tc *tc, int index, const char *name, struct tc_link *ret,
		    struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = NULL;
	int r = rtnl_link_get_kernel(tc->socket, index, name, &link);

	if (r < 0 && (code_of(r) == -ENODEV || code_of(r) == -ENOENT || code_of(r) == -ERANGE))
		return error_set(err, -ENODEV, "there is no interface %s here", name != NULL ? name :
				 "of that number");
	if (r < 0)
		return failed(r, err, "an interface cannot be looked up");
	link_take(link, ret);
	return 0;
}

int tc_link_by_name(struct tc *tc, const char *name, struct tc_link *ret, struct error *err)
{
	return link_get(tc, 0, name, ret, err);
}

int tc_link_by_index(struct tc *tc, int index, struct tc_link *ret, struct error *err)
{
	return link_get(tc, index, NULL, ret, err);
}

ssize_t tc_ports(struct tc *tc, int master, struct tc_link *ret, size_t capacity,
		 struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	struct nl_object *object;
	ssize_t count = 0;
	int r = rtnl_link_alloc_cache(tc->socket, AF_UNSPEC, &cache);

	if (r < 0)
		return failed(r, err, "the interfaces cannot be listed");
	for (object = nl_cache_get_first(cache); object != NULL;
	     object = nl_cache_get_next(object)) {
		struct rtnl_link *link = (struct rtnl_link *)object;

		if (rtnl_link_get_master(link) != master)
			continue;
		if ((size_t)count < capacity)
			link_take(link, &ret[count]);
		count++;
	}
	return count;
}

static int link_up(struct tc *tc, const char *name)
{
	CLEANUP(link_put) struct rtnl_link *link = NULL;
	CLEANUP(link_put) struct rtnl_link *change = NULL;
	int r = rtnl_link_get_kernel(tc->socket, 0, name, &link);

	if (r < 0)
		return r;
	change = rtnl_link_alloc();
	if (change == NULL)
		return -NLE_NOMEM;
	rtnl_link_set_flags(change, IFF_UP);
	return rtnl_link_change(tc->socket, link, change, 0);
}

int tc_add_ifb(struct tc *tc, const char *name, struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = rtnl_link_alloc();
	int r;

	if (link == NULL || rtnl_link_set_type(link, "ifb") < 0)
		return error_errno(err, -ENOMEM, "an interface");
	rtnl_link_set_name(link, name);
	rtnl_link_set_txqlen(link, IFB_QUEUE_PACKETS);
	r = rtnl_link_add(tc->socket, link, NLM_F_CREATE | NLM_F_EXCL);
	if (r < 0)
		return module_failed(r, err, "an interface of kind ifb cannot be made", "ifb");
	r = link_up(tc, name);
	if (r < 0) {
		tc_delete_ifb(tc, name, NULL);
		return failed(r, err, "an interface of kind ifb does not come up");
	}
	return 0;
}

int tc_delete_ifb(struct tc *tc, const char *name, struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = NULL;
	const char *kind;
	int r = rtnl_link_get_kernel(tc->socket, 0, name, &link);

	if (r < 0)
		return error_set(err, -ENOENT, "there is no interface %s here", name);
	kind = rtnl_link_get_type(link);
	if (kind == NULL || strcmp(kind, "ifb") != 0)
		return error_set(err, -ENOENT, "%s is no ifb", name);
	r = rtnl_link_delete(tc->socket, link);
	return r < 0 ? failed(r, err, "an interface of kind ifb cannot be deleted") : 0;
}

/* -- queueing disciplines */

static int find_qdisc(struct tc *tc, int index, uint32_t parent, struct tc_qdisc *ret,
		      struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	CLEANUP(qdisc_put) struct rtnl_qdisc *qdisc = NULL;
	int r = rtnl_qdisc_alloc_cache(tc->socket, &cache);

	if (r < 0)
		return failed(r, err, "the queueing disciplines cannot be listed");
	qdisc = rtnl_qdisc_get_by_parent(cache, index, parent);
	if (qdisc == NULL)
		return error_set(err, -ENOENT, "there is no such queueing discipline");
	snprintf(ret->kind, sizeof ret->kind, "%s", rtnl_tc_get_kind(TC_CAST(qdisc)));
	ret->major = rtnl_tc_get_handle(TC_CAST(qdisc)) >> 16;
	return 0;
}

int tc_root_qdisc(struct tc *tc, int index, struct tc_qdisc *ret, struct error *err)
{
	return find_qdisc(tc, index, TC_H_ROOT, ret, err);
}

int tc_ingress_qdisc(struct tc *tc, int index, struct tc_qdisc *ret, struct error *err)
{
	return find_qdisc(tc, index, TC_H_INGRESS, ret, err);
}

static struct rtnl_qdisc *qdisc_new(int index, uint32_t parent, uint32_t handle, const char *kind)
{
	struct rtnl_qdisc *qdisc = rtnl_qdisc_alloc();

	if (qdisc == NULL)
		return NULL;
	rtnl_tc_set_ifindex(TC_CAST(qdisc), index);
	rtnl_tc_set_parent(TC_CAST(qdisc), parent);
	rtnl_tc_set_handle(TC_CAST(qdisc), handle);
	if (rtnl_tc_set_kind(TC_CAST(qdisc), kind) < 0) {
		rtnl_qdisc_put(qdisc);
		return NULL;
	}
	return qdisc;
}

/* The kernel replaces what it attached by itself, and nothing else. */
static int htb_is_there(struct tc *tc, int index, struct error *err)
{
	struct tc_qdisc there;
	int r = tc_root_qdisc(tc, index, &there, err);

	if (r < 0)
		return r;
	if (there.major != TC_MAJOR)
		return error_set(err, -EBUSY, "the interface has somebody's %s %x: already",
				 there.kind, there.major);
	return 0;
}

int tc_add_htb(struct tc *tc, int index, unsigned default_minor, struct error *err)
{
	CLEANUP(qdisc_put) struct rtnl_qdisc *qdisc = qdisc_new(index, TC_H_ROOT, OUR_HANDLE, "htb");
	int r;

	if (qdisc == NULL)
		return error_errno(err, -ENOMEM, "a queueing discipline");
	rtnl_htb_set_defcls(qdisc, default_minor);
	r = rtnl_qdisc_add(tc->socket, qdisc, NLM_F_CREATE | NLM_F_EXCL);
	if (r < 0 && code_of(r) == -EEXIST)
		return htb_is_there(tc, index, err);
	if (r < 0)
		return module_failed(r, err, "an HTB cannot be made", "sch_htb");
	return 0;
}

/* The kernel deletes it only where its handle is that one. */
static int delete_qdisc(struct tc *tc, int index, uint32_t parent, uint32_t handle,
			const char *kind, struct error *err)
{
	CLEANUP(qdisc_put) struct rtnl_qdisc *qdisc = qdisc_new(index, parent, handle, kind);
	int code, r;

	if (qdisc == NULL)
		return error_errno(err, -ENOMEM, "a queueing discipline");
	r = rtnl_qdisc_delete(tc->socket, qdisc);
	if (r >= 0)
		return 0;
	code = code_of(r);
	if (code == -EINVAL || code == -ENOENT || code == -ENODEV)
		return error_set(err, -ENOENT, "the interface has no %s of ours", kind);
	return failed(r, err, "a queueing discipline cannot be deleted");
}

int tc_delete_htb(struct tc *tc, int index, struct error *err)
{
	return delete_qdisc(tc, index, TC_H_ROOT, OUR_HANDLE, "htb", err);
}

/* -- classes */

static uint32_t burst_of(uint64_t rate)
{
	uint64_t burst = rate / BURST_PER_SECOND;

	if (burst < BURST_LEAST)
		return BURST_LEAST;
	return burst < UINT32_MAX / 2 ? (uint32_t)burst : UINT32_MAX / 2;
}

static struct rtnl_class *class_new(int index, const struct tc_class *class)
{
	struct rtnl_class *made = rtnl_class_alloc();

	if (made == NULL)
		return NULL;
	rtnl_tc_set_ifindex(TC_CAST(made), index);
	rtnl_tc_set_handle(TC_CAST(made), TC_HANDLE(TC_MAJOR, class->minor));
	rtnl_tc_set_parent(TC_CAST(made), class->parent != 0 ?
			   TC_HANDLE(TC_MAJOR, class->parent) : OUR_HANDLE);
	if (rtnl_tc_set_kind(TC_CAST(made), "htb") < 0) {
		rtnl_class_put(made);
		return NULL;
	}
	rtnl_htb_set_rate64(made, class->rate);
	rtnl_htb_set_ceil64(made, class->ceil);
	rtnl_htb_set_rbuffer(made, burst_of(class->rate));
	rtnl_htb_set_cbuffer(made, burst_of(class->ceil));
	rtnl_htb_set_quantum(made, QUANTUM);
	return made;
}

/* In bytes: the interface's own limit is in packets, which at a low rate wait for seconds. The
 * class works without. */
static void put_queue(struct tc *tc, int index, const struct tc_class *class)
{
	CLEANUP(qdisc_put) struct rtnl_qdisc *queue =
		qdisc_new(index, TC_HANDLE(TC_MAJOR, class->minor),
			  TC_HANDLE(LEAF_BIT | class->minor, 0), "bfifo");

	if (queue == NULL)
		return;
	rtnl_qdisc_fifo_set_limit(queue, class->queue_bytes < INT32_MAX ?
				  (int)class->queue_bytes : INT32_MAX);
	rtnl_qdisc_add(tc->socket, queue, NLM_F_CREATE | NLM_F_REPLACE);
}

int tc_put_class(struct tc *tc, int index, const struct tc_class *class, struct error *err)
{
	CLEANUP(class_put) struct rtnl_class *made = class_new(index, class);
	int r;

	if (made == NULL)
		return error_errno(err, -ENOMEM, "a class");
	r = rtnl_class_add(tc->socket, made, NLM_F_CREATE | NLM_F_REPLACE);
	if (r < 0)
		return failed(r, err, "a class of an HTB cannot be made");
	if (class->queue_bytes != 0)
		put_queue(tc, index, class);
	return 0;
}

int tc_delete_class(struct tc *tc, int index, unsigned minor, struct error *err)
{
	struct tc_class class = { .minor = minor, .rate = 1, .ceil = 1 };
	CLEANUP(class_put) struct rtnl_class *made = class_new(index, &class);
	int r;

	if (made == NULL)
		return error_errno(err, -ENOMEM, "a class");
	r = rtnl_class_delete(tc->socket, made);
	return r < 0 ? failed(r, err, "a class of an HTB cannot be deleted") : 0;
}

static bool class_take(struct rtnl_class *from, struct tc_class *ret)
{
	const char *kind = rtnl_tc_get_kind(TC_CAST(from));
	uint32_t handle = rtnl_tc_get_handle(TC_CAST(from));
	uint32_t parent = rtnl_tc_get_parent(TC_CAST(from));

	if (handle >> 16 != TC_MAJOR || kind == NULL || strcmp(kind, "htb") != 0 ||
	    rtnl_htb_get_rate64(from, &ret->rate) < 0 || rtnl_htb_get_ceil64(from, &ret->ceil) < 0)
		return false;
	ret->queue_bytes = 0;
	ret->minor = handle & 0xffff;
	ret->parent = parent == TC_H_ROOT ? 0 : parent & 0xffff;
	return true;
}

ssize_t tc_classes(struct tc *tc, int index, struct tc_class *ret, size_t capacity,
		   struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	struct nl_object *object;
	struct tc_class class;
	ssize_t count = 0;
	int r = rtnl_class_alloc_cache(tc->socket, index, &cache);

	if (r < 0)
		return failed(r, err, "the classes of an interface cannot be listed");
	for (object = nl_cache_get_first(cache); object != NULL;
	     object = nl_cache_get_next(object)) {
		if (!class_take((struct rtnl_class *)object, &class))
			continue;
		if ((size_t)count < capacity)
			ret[count] = class;
		count++;
	}
	return count;
}

int tc_find_class(struct tc *tc, int index, unsigned minor, struct tc_class *ret,
		  struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	CLEANUP(class_put) struct rtnl_class *class = NULL;
	int r = rtnl_class_alloc_cache(tc->socket, index, &cache);

	if (r < 0)
		return failed(r, err, "the classes of an interface cannot be listed");
	class = rtnl_class_get(cache, index, TC_HANDLE(TC_MAJOR, minor));
	if (class == NULL || !class_take(class, ret))
		return error_set(err, -ENOENT, "the interface has no such class");
	return 0;
}

/* -- filters */

/* How many filters look at what it receives, and whether ours is among them. */
static int count_filters(struct tc *tc, int index, bool *ret_ours, struct nl_cache **ret_cache,
			 struct error *err)
{
	struct nl_object *object;
	int count = 0;
	int r = rtnl_cls_alloc_cache(tc->socket, index, INGRESS_HANDLE, ret_cache);

	*ret_ours = false;
	if (r < 0)
		return failed(r, err, "the filters of an interface cannot be listed");
	for (object = nl_cache_get_first(*ret_cache); object != NULL;
	     object = nl_cache_get_next(object)) {
		*ret_ours |= rtnl_cls_get_prio((struct rtnl_cls *)object) == TC_MAJOR;
		count++;
	}
	return count;
}

/* One that is there without any filter is ours from before a crash, or nobody's. */
static int ingress_is_free(struct tc *tc, int index, struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	struct tc_qdisc there;
	bool ours;
	int r = tc_ingress_qdisc(tc, index, &there, err);

	if (r < 0)
		return r;
	r = count_filters(tc, index, &ours, &cache, err);
	if (r < 0)
		return r;
	if (strcmp(there.kind, "ingress") != 0 || (r > 0 && !ours))
		return error_set(err, -EBUSY, "the interface has somebody's %s with %d filters already",
				 there.kind, r);
	return 0;
}

static int add_ingress(struct tc *tc, int index, struct error *err)
{
	CLEANUP(qdisc_put) struct rtnl_qdisc *qdisc = qdisc_new(index, TC_H_INGRESS, INGRESS_HANDLE,
								 "ingress");
	int r;

	if (qdisc == NULL)
		return error_errno(err, -ENOMEM, "a queueing discipline");
	r = rtnl_qdisc_add(tc->socket, qdisc, NLM_F_CREATE | NLM_F_EXCL);
	if (r < 0 && code_of(r) == -EEXIST)
		return ingress_is_free(tc, index, err);
	if (r < 0)
		return module_failed(r, err, "an ingress qdisc cannot be made", "sch_ingress");
	return 0;
}

int tc_add_redirect(struct tc *tc, int from, int to, struct error *err)
{
	struct tc_filter filter = {
		.index = from,
		.parent = INGRESS_HANDLE,
		.priority = TC_MAJOR,
		.redirect = to,
	};
	int r = add_ingress(tc, from, err);

	if (r < 0)
		return r;
	/* An older one of ours may lead elsewhere. */
	tc_message_delete_filter(tc->socket, from, INGRESS_HANDLE, TC_MAJOR);
	r = tc_message_add_filter(tc->socket, &filter);
	if (r < 0) {
		tc_delete_redirect(tc, from, NULL);
		return module_failed(r, err, "a filter that redirects cannot be made",
				     "cls_u32 or act_mirred");
	}
	return 0;
}

/* The interface that the filter's first action sends to; 0: none. */
static int redirected_to(struct rtnl_cls *filter)
{
	struct rtnl_act *action = rtnl_u32_get_action(filter);
	const char *kind = action != NULL ? rtnl_tc_get_kind(TC_CAST(action)) : NULL;

	return kind != NULL && strcmp(kind, "mirred") == 0 ?
	       (int)rtnl_mirred_get_ifindex(action) : 0;
}

int tc_has_redirect(struct tc *tc, int from, int to, struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	struct nl_object *object;
	bool ours;
	int r = count_filters(tc, from, &ours, &cache, err);

	if (r < 0)
		return r;
	for (object = nl_cache_get_first(cache); object != NULL;
	     object = nl_cache_get_next(object)) {
		struct rtnl_cls *filter = (struct rtnl_cls *)object;

		if (rtnl_cls_get_prio(filter) == TC_MAJOR && redirected_to(filter) == to)
			return 1;
	}
	return 0;
}

int tc_delete_redirect(struct tc *tc, int from, struct error *err)
{
	CLEANUP_CACHE struct nl_cache *cache = NULL;
	struct tc_qdisc there;
	bool ours;
	int r;

	if (tc_ingress_qdisc(tc, from, &there, NULL) < 0)
		return error_set(err, -ENOENT, "nothing looks at what the interface receives");
	tc_message_delete_filter(tc->socket, from, INGRESS_HANDLE, TC_MAJOR);
	r = count_filters(tc, from, &ours, &cache, err);
	if (r < 0)
		return r;
	if (r > 0 || strcmp(there.kind, "ingress") != 0)
		return 0;
	return delete_qdisc(tc, from, TC_H_INGRESS, INGRESS_HANDLE, "ingress", err);
}

int tc_add_classifier(struct tc *tc, int index, const char *from, unsigned minor,
		      struct error *err)
{
	struct tc_filter filter = {
		.index = index,
		.parent = OUR_HANDLE,
		.priority = minor,
		.class = TC_HANDLE(TC_MAJOR, minor),
		.from = from,
	};
	int r;

	tc_message_delete_filter(tc->socket, index, OUR_HANDLE, minor);
	r = tc_message_add_filter(tc->socket, &filter);
	return r < 0 ? module_failed(r, err, "a filter cannot be made", "cls_u32") : 0;
}

int tc_delete_classifier(struct tc *tc, int index, unsigned minor, struct error *err)
{
	int r = tc_message_delete_filter(tc->socket, index, OUR_HANDLE, minor);

	return r < 0 ? failed(r, err, "a filter cannot be deleted") : 0;
}
