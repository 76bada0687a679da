/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace of our own without a name: there is nothing in it but what is made here, and
 * all of that vanishes with the last descriptor of it and the last process in it. No interface has
 * an IPv6 address, so nothing is sent that nobody asked for. Built without libnl-route every
 * call is -ENOSYS.
 */
#ifndef SYS_NETNS_H
#define SYS_NETNS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct netns;

enum { NETNS_NAME_SIZE = 16 };

/* Its lo is up. -EPERM where the caller may not. */
int netns_new(struct netns **ret, struct error *err);
/* One that is there already; the descriptor stays the caller's. */
int netns_open(int fd, struct netns **ret, struct error *err);
void netns_free(struct netns *ns);

/* For setns; borrowed. */
int netns_fd(const struct netns *ns);

/* Between the two, what this thread opens or makes belongs to the namespace. *ret_back is for
 * netns_leave alone, which cannot fail: a thread that stayed would do all the rest there, too. */
int netns_enter(const struct netns *ns, int *ret_back, struct error *err);
void netns_leave(int back);

/* What is made is up, and has no address. */
int netns_add_bridge(struct netns *ns, const char *name, struct error *err);
/* With virtio-net headers, as QEMU takes it; a bridge's port where bridge is no NULL. Gone with the
 * last of its descriptor. */
int netns_add_tap(struct netns *ns, const char *name, const char *bridge, int *ret_fd,
		  struct error *err);
/* A wire: `name` here, `other_name` at its other end. */
int netns_add_wire(struct netns *ns, const char *name, struct netns *other,
		   const char *other_name, struct error *err);
int netns_add_port(struct netns *ns, const char *bridge, const char *name, struct error *err);
/* "10.0.0.1/24" */
int netns_add_address(struct netns *ns, const char *name, const char *address,
		      struct error *err);

/* Since the interface was made; dropped for want of room. */
struct netns_counts {
	uint64_t sent_bytes, sent_packets, sent_dropped;
	uint64_t received_bytes, received_packets, received_dropped;
	uint64_t queued_bytes; /* that wait now, where a queue was counted */
};

int netns_count(struct netns *ns, const char *name, struct netns_counts *ret,
		struct error *err);
/* Only what its root queueing discipline sent, dropped and holds. -ENOENT: it has none. A burst that
 * was handed over as one is dropped as one, and sent as the frames it becomes. */
int netns_count_queue(struct netns *ns, const char *name, struct netns_counts *ret,
		      struct error *err);

#endif
