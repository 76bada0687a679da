/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/netns.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/tc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

struct netns {
	int fd;
	struct nl_sock *socket; /* opened in it */
};

static void link_put(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

static void addr_put(struct rtnl_addr **addr)
{
	rtnl_addr_put(*addr);
}

static void address_put(struct nl_addr **address)
{
	nl_addr_put(*address);
}

static void qdisc_put(struct rtnl_qdisc **qdisc)
{
	rtnl_qdisc_put(*qdisc);
}

static void cache_free(struct nl_cache **cache)
{
	nl_cache_free(*cache);
}

static int code_of(int nle)
{
	switch (abs(nle)) {
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static int failed(int nle, struct error *err, const char *what, const char *name)
{
	return error_set(err, code_of(nle), "%s %s: the kernel says: %s", what, name, nl_geterror(nle));
}

/* -- the namespace ------------------------------------------------------------------------------ */

int netns_enter(const struct netns *ns, int *ret_back, struct error *err)
{
	int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int code;

	if (back < 0)
		return error_errno(err, -errno, "/proc/thread-self/ns/net");
	if (setns(ns->fd, CLONE_NEWNET) != 0) {
		code = -errno;
		close(back);
		return error_errno(err, code, "cannot enter a network namespace");
	}
	*ret_back = back;
	return 0;
}

void netns_leave(int back)
{
	if (setns(back, CLONE_NEWNET) != 0)
		abort();
	close(back);
}

/* A kernel without IPv6 has nothing to switch off. The files are those of the namespace of who
 * opens them. */
static void stop_ipv6(void)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv6/conf/all/disable_ipv6",
		"/proc/sys/net/ipv6/conf/default/disable_ipv6",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP_CLOSE int fd = open(files[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0)
			(void)!write(fd, "1", 1);
	}
}

static int connect_inside(struct netns *ns, struct error *err)
{
	int r;

	ns->socket = nl_socket_alloc();
	if (ns->socket == NULL)
		return error_errno(err, -ENOMEM, "rtnetlink");
	r = nl_connect(ns->socket, NETLINK_ROUTE);
	return r < 0 ? error_set(err, code_of(r), "rtnetlink cannot be opened: %s", nl_geterror(r)) : 0;
}

static int unshare_failed(int code, struct error *err)
{
	if (code == -EPERM)
		return error_set(err, code, "a network of its own needs root (CAP_SYS_ADMIN and "
				 "CAP_NET_ADMIN)");
	return error_errno(err, code, "cannot make a network namespace");
}

static int make_inside(struct netns *ns, struct error *err)
{
	CLEANUP_CLOSE int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (back < 0)
		return error_errno(err, -errno, "/proc/thread-self/ns/net");
	if (unshare(CLONE_NEWNET) != 0)
		return unshare_failed(-errno, err);
	ns->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	r = ns->fd < 0 ? error_errno(err, -errno, "/proc/thread-self/ns/net") : connect_inside(ns, err);
	stop_ipv6();
	netns_leave(back);
	back = -1;
	return r;
}

static int bring_up(struct netns *ns, const char *name, int master, struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = NULL;
	CLEANUP(link_put) struct rtnl_link *change = rtnl_link_alloc();
	int r = rtnl_link_get_kernel(ns->socket, 0, name, &link);

	if (r < 0)
		return failed(r, err, "there is no interface", name);
	if (change == NULL)
		return error_errno(err, -ENOMEM, "%s", name);
	rtnl_link_set_flags(change, IFF_UP);
	if (master > 0)
		rtnl_link_set_master(change, master);
	r = rtnl_link_change(ns->socket, link, change, 0);
	return r < 0 ? failed(r, err, "cannot bring up", name) : 0;
}

int netns_new(struct netns **ret, struct error *err)
{
	struct netns *ns = calloc(1, sizeof *ns);
	int r;

	if (ns == NULL)
		return error_errno(err, -ENOMEM, "a network namespace");
	ns->fd = -1;
	r = make_inside(ns, err);
	if (r == 0)
		r = bring_up(ns, "lo", 0, err);
	if (r < 0) {
		netns_free(ns);
		return r;
	}
	*ret = ns;
	return 0;
}

static int connect_there(struct netns *ns, int fd, struct error *err)
{
	int back, r;

	ns->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (ns->fd < 0)
		return error_errno(err, -errno, "a network namespace");
	r = netns_enter(ns, &back, err);
	if (r < 0)
		return r;
	r = connect_inside(ns, err);
	netns_leave(back);
	return r;
}

int netns_open(int fd, struct netns **ret, struct error *err)
{
	struct netns *ns = calloc(1, sizeof *ns);
	int r;

	if (ns == NULL)
		return error_errno(err, -ENOMEM, "a network namespace");
	ns->fd = -1;
	r = connect_there(ns, fd, err);
	if (r < 0) {
		netns_free(ns);
		return r;
	}
	*ret = ns;
	return 0;
}

void netns_free(struct netns *ns)
{
	if (ns == NULL)
		return;
	nl_socket_free(ns->socket);
	if (ns->fd >= 0)
		close(ns->fd);
	free(ns);
}

int netns_fd(const struct netns *ns)
{
	return ns->fd;
}

/* -- what is in it ------------------------------------------------------------------------------ */

static int index_of(struct netns *ns, const char *name, int *ret, struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = NULL;
	int r = rtnl_link_get_kernel(ns->socket, 0, name, &link);

	if (r < 0)
		return failed(r, err, "there is no interface", name);
	*ret = rtnl_link_get_ifindex(link);
	return 0;
}

/* What the kernel has no module for it does not know. */
static int make_failed(int nle, struct error *err, const char *module, const char *name)
{
	if (code_of(nle) == -EOPNOTSUPP)
		return error_set(err, -EOPNOTSUPP, "cannot make %s: this kernel lacks the module %s", name,
				 module);
	return failed(nle, err, "cannot make", name);
}

int netns_add_bridge(struct netns *ns, const char *name, struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = rtnl_link_alloc();
	int r;

	if (link == NULL || rtnl_link_set_type(link, "bridge") < 0)
		return error_errno(err, -ENOMEM, "%s", name);
	rtnl_link_set_name(link, name);
	r = rtnl_link_add(ns->socket, link, NLM_F_CREATE | NLM_F_EXCL);
	return r < 0 ? make_failed(r, err, "bridge", name) : bring_up(ns, name, 0, err);
}

int netns_add_port(struct netns *ns, const char *bridge, const char *name, struct error *err)
{
	int index = 0;
	int r = index_of(ns, bridge, &index, err);

	return r == 0 ? bring_up(ns, name, index, err) : r;
}

static int tap_failed(int code, struct error *err)
{
	if (code == -ENOENT || code == -ENODEV || code == -ENXIO)
		return error_set(err, code, "there is no /dev/net/tun here: load the module tun, or give "
				 "this container the device");
	return error_errno(err, code, "/dev/net/tun");
}

/* A tap belongs to the namespace in which the device was opened. */
static int open_tap(const char *name, int *ret_fd, struct error *err)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	CLEANUP_CLOSE int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return tap_failed(-errno, err);
	memcpy(request.ifr_name, name, strnlen(name, sizeof request.ifr_name - 1));
	if (ioctl(fd, TUNSETIFF, &request) != 0)
		return error_errno(err, -errno, "cannot make %s", name);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int netns_add_tap(struct netns *ns, const char *name, const char *bridge, int *ret_fd,
		  struct error *err)
{
	int back, fd = -1;
	int r = netns_enter(ns, &back, err);

	if (r < 0)
		return r;
	r = open_tap(name, &fd, err);
	netns_leave(back);
	if (r == 0)
		r = bridge != NULL ? netns_add_port(ns, bridge, name, err) :
		    bring_up(ns, name, 0, err);
	if (r < 0 && fd >= 0)
		close(fd);
	if (r == 0)
		*ret_fd = fd;
	return r;
}

int netns_add_wire(struct netns *ns, const char *name, struct netns *other,
		   const char *other_name, struct error *err)
{
	struct rtnl_link *link = rtnl_link_veth_alloc(), *peer;
	int r;

	if (link == NULL)
		return error_errno(err, -ENOMEM, "%s", name);
	peer = rtnl_link_veth_get_peer(link);
	rtnl_link_set_name(link, name);
	rtnl_link_set_name(peer, other_name);
	rtnl_link_set_ns_fd(peer, other->fd);
	r = rtnl_link_add(ns->socket, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(peer);
	rtnl_link_veth_release(link);
	if (r < 0)
		return make_failed(r, err, "veth", name);
	r = bring_up(ns, name, 0, err);
	return r == 0 ? bring_up(other, other_name, 0, err) : r;
}

int netns_add_address(struct netns *ns, const char *name, const char *address,
		      struct error *err)
{
	CLEANUP(addr_put) struct rtnl_addr *addr = rtnl_addr_alloc();
	CLEANUP(address_put) struct nl_addr *local = NULL;
	int index = 0, r = index_of(ns, name, &index, err);

	if (r < 0)
		return r;
	if (addr == NULL)
		return error_errno(err, -ENOMEM, "%s", address);
	r = nl_addr_parse(address, AF_INET, &local);
	if (r >= 0)
		r = rtnl_addr_set_local(addr, local);
	rtnl_addr_set_ifindex(addr, index);
	if (r >= 0)
		r = rtnl_addr_add(ns->socket, addr, 0);
	return r < 0 ? failed(r, err, "cannot set the address", address) : 0;
}

/* -- what passed --------------------------------------------------------------------------------- */

int netns_count(struct netns *ns, const char *name, struct netns_counts *ret,
		struct error *err)
{
	CLEANUP(link_put) struct rtnl_link *link = NULL;
	int r = rtnl_link_get_kernel(ns->socket, 0, name, &link);

	if (r < 0)
		return failed(r, err, "there is no interface", name);
	*ret = (struct netns_counts){
		.sent_bytes = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES),
		.sent_packets = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS),
		.sent_dropped = rtnl_link_get_stat(link, RTNL_LINK_TX_DROPPED),
		.received_bytes = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
		.received_packets = rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS),
		.received_dropped = rtnl_link_get_stat(link, RTNL_LINK_RX_DROPPED),
	};
	return 0;
}

int netns_count_queue(struct netns *ns, const char *name, struct netns_counts *ret,
		      struct error *err)
{
	CLEANUP(cache_free) struct nl_cache *cache = NULL;
	CLEANUP(qdisc_put) struct rtnl_qdisc *qdisc = NULL;
	int index = 0, r = index_of(ns, name, &index, err);

	if (r < 0)
		return r;
	r = rtnl_qdisc_alloc_cache(ns->socket, &cache);
	if (r < 0)
		return failed(r, err, "cannot list the queues of", name);
	qdisc = rtnl_qdisc_get_by_parent(cache, index, TC_H_ROOT);
	if (qdisc == NULL)
		return error_set(err, -ENOENT, "%s has no queueing discipline", name);
	*ret = (struct netns_counts){
		.sent_bytes = rtnl_tc_get_stat(TC_CAST(qdisc), RTNL_TC_BYTES),
		.sent_packets = rtnl_tc_get_stat(TC_CAST(qdisc), RTNL_TC_PACKETS),
		.sent_dropped = rtnl_tc_get_stat(TC_CAST(qdisc), RTNL_TC_DROPS),
		.queued_bytes = rtnl_tc_get_stat(TC_CAST(qdisc), RTNL_TC_BACKLOG),
	};
	return 0;
}
