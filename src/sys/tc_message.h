/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two filters of traffic control that libnl-route cannot make: u32 that looks at the
 * interface that a packet came in by, and u32 that sends all elsewhere. One message each, sent and
 * acknowledged. Codes are libnl's (NLE_...), negative.
 */
#ifndef SYS_TC_MESSAGE_H
#define SYS_TC_MESSAGE_H

#include <stdint.h>

struct nl_sock;

struct tc_filter {
	int index;
	uint32_t parent;
	unsigned priority;
	uint32_t class;   /* where packets go; 0: nowhere */
	const char *from; /* only those that came in by it; NULL: all */
	int redirect;     /* the interface that gets them; 0: none */
};

int tc_message_add_filter(struct nl_sock *socket, const struct tc_filter *filter);
/* All of that priority. */
int tc_message_delete_filter(struct nl_sock *socket, int index, uint32_t parent,
			     unsigned priority);

#endif
