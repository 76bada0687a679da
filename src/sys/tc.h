/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic control by rtnetlink: the queueing disciplines, classes and filters of one interface.
 * What is made here bears the mark TC_MAJOR, by which it is told from everybody else's; nothing
 * without the mark is changed or deleted. Rates are bytes a second. Built without libnl-route
 * every call is -ENOSYS; without the kernel's module it is -EOPNOTSUPP with a sentence that names
 * it. -ENODEV: no such interface; -ENOENT: no such thing there, which is as good when deleting.
 */
#ifndef SYS_TC_H
#define SYS_TC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct root;
struct tc;

enum {
	TC_NAME_SIZE = 16,
	TC_MAJOR = 0x7ce5, /* our handles' upper half, and our filters' priority */
	TC_MINOR_MOST = 0xfffe,
};

struct tc_link {
	char name[TC_NAME_SIZE];
	char kind[16];    /* "tun", "macvtap", "bridge", "ifb", "openvswitch"; "" hardware */
	int index;
	int master;       /* 0: none */
	bool up;
};

struct tc_qdisc {
	char kind[16];
	unsigned major; /* 0: the kernel attached it by itself */
};

/* Of an HTB; `rate` is the guarantee, `ceil` the limit. */
struct tc_class {
	unsigned minor, parent; /* parent 0: the root; minor at most TC_MINOR_MOST */
	uint64_t rate, ceil;
	uint64_t queue_bytes;   /* that may wait in it; 0: as many packets as the interface says */
};

/* -ENOSYS on captured hosts and those in memory. */
int tc_open(struct root *root, struct tc **ret, struct error *err);
void tc_close(struct tc *tc);

int tc_link_by_name(struct tc *tc, const char *name, struct tc_link *ret, struct error *err);
int tc_link_by_index(struct tc *tc, int index, struct tc_link *ret, struct error *err);
/* Up to capacity interfaces of that bridge; returns how many there are. */
ssize_t tc_ports(struct tc *tc, int master, struct tc_link *ret, size_t capacity,
		 struct error *err);
/* An interface that gives what is redirected to it back to where it came from, brought up. */
int tc_add_ifb(struct tc *tc, const char *name, struct error *err);
/* Only one of kind ifb. */
int tc_delete_ifb(struct tc *tc, const char *name, struct error *err);

/* What queues what the interface sends, and what looks at what it receives. -ENOENT: nothing. */
int tc_root_qdisc(struct tc *tc, int index, struct tc_qdisc *ret, struct error *err);
int tc_ingress_qdisc(struct tc *tc, int index, struct tc_qdisc *ret, struct error *err);

/* Our HTB at the root; what no filter and no default (0: none) puts into a class passes freely.
 * -EBUSY where somebody else's is there. */
int tc_add_htb(struct tc *tc, int index, unsigned default_minor, struct error *err);
int tc_delete_htb(struct tc *tc, int index, struct error *err);

/* Adds the class to our HTB or changes it. */
int tc_put_class(struct tc *tc, int index, const struct tc_class *class, struct error *err);
int tc_delete_class(struct tc *tc, int index, unsigned minor, struct error *err);
/* Classes of our HTB, up to capacity; returns how many there are. */
ssize_t tc_classes(struct tc *tc, int index, struct tc_class *ret, size_t capacity,
		   struct error *err);
/* -ENOENT where it is not there. */
int tc_find_class(struct tc *tc, int index, unsigned minor, struct tc_class *ret,
		  struct error *err);

/* All that `from` receives goes through `to`'s queue first. Deleting takes the ingress qdisc with
 * it where nobody else has a filter there. */
int tc_add_redirect(struct tc *tc, int from, int to, struct error *err);
/* 1: ours is there, to that interface; 0: none, or to another one. */
int tc_has_redirect(struct tc *tc, int from, int to, struct error *err);
int tc_delete_redirect(struct tc *tc, int from, struct error *err);

/* What came in through `from` goes to the class of our HTB at `index`. */
int tc_add_classifier(struct tc *tc, int index, const char *from, unsigned minor,
		      struct error *err);
int tc_delete_classifier(struct tc *tc, int index, unsigned minor, struct error *err);

#endif
