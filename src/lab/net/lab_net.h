/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment's own network: no part of this host's, and none of it has a name on this host.
 *
 *     guests' namespace:  tap1 .. tapN -- bridge -- uplink  ==shared link==  eth0 :peer's namespace
 *
 * Both namespaces are descriptors: what is in them vanishes with the last one and the last process
 * in them, however those end. The shared link is as fast, each way, as the plan says; all that
 * guests exchange with the peer, and nothing that they exchange among themselves, goes over it.
 * The speed counts the bytes of Ethernet frames, without preamble, checksum and gap.
 *
 * QEMU belongs in the guests' namespace (guest_plan.network_fd): there the names of its taps mean
 * what they say to who adjusts VMs, which must run there too, with child_plan.network_view. The
 * peer's agent is a process of this host in the peer's namespace (child_plan.network_fd).
 */
#ifndef LAB_NET_LAB_NET_H
#define LAB_NET_LAB_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct lab_net;

enum { LAB_NET_PORTS_MOST = 64, LAB_NET_TEXT_SIZE = 24 };

/* The slowest shared link: six large frames a second. */
#define LAB_NET_SPEED_LEAST 10000ull

struct lab_net_plan {
	unsigned ports;          /* one a guest */
	uint64_t bytes_per_sec;  /* of the shared link, each way; 0: as fast as this host is */
	uint64_t queue_bytes;    /* that wait before it, each way; more are lost. 0: what passes in a
				  * twentieth of a second, but 128 KiB at least and 16 MiB at most */
};

/* A guest's. The tap stays ours: it is there as long as the network or QEMU is. */
struct lab_net_port {
	int tap_fd;              /* of an attached tap, with virtio-net headers */
	char name[16];           /* in the guests' namespace: "tap1", ... */
	unsigned char mac[6];
	char address[LAB_NET_TEXT_SIZE]; /* "10.117.0.2/24" */
};

/* 0 where this host can make one: privileges, /dev/net/tun, the kernel's modules. */
int lab_net_check(struct error *err);

int lab_net_new(const struct lab_net_plan *plan, struct lab_net **ret, struct error *err);
void lab_net_free(struct lab_net *net);

const struct lab_net_port *lab_net_port(const struct lab_net *net, unsigned number);
/* Borrowed. */
int lab_net_guests_fd(const struct lab_net *net);
int lab_net_peer_fd(const struct lab_net *net);
/* "10.117.0.1" */
const char *lab_net_peer_address(const struct lab_net *net);
/* Of the uplink: the port of the guests' bridge whose speed is that of the shared link. */
const char *lab_net_uplink(const struct lab_net *net);

/* What has passed since the network was made. Lost: for want of room in a queue. */
struct lab_net_counts {
	uint64_t bytes, packets, lost;
	uint64_t queued_bytes; /* that wait before the shared link now; a port's: 0 */
};

/* Of the shared link, towards the peer and towards the guests. */
int lab_net_count_link(struct lab_net *net, struct lab_net_counts *ret_to_peer,
		       struct lab_net_counts *ret_to_guests, struct error *err);
/* Of a guest's port, as the guest sees it. */
int lab_net_count_port(struct lab_net *net, unsigned number, struct lab_net_counts *ret_sent,
		       struct lab_net_counts *ret_received, struct error *err);

#endif
