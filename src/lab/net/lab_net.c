/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/net/lab_net.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "sys/netns.h"
#include "sys/root.h"
#include "sys/tc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BRIDGE "bridge"
#define UPLINK "uplink"
#define PEER "eth0"

/* A network of nobody else's, so any will do; a guest's is two more than its number. */
#define PEER_ADDRESS "10.117.0.1"
#define ADDRESS_BITS 24

/* More than any host moves between two namespaces: 100 Gbit/s. */
#define SPEED_FREE 12500000000ull

/* A guest hands over up to 64 KiB as one packet, and two of them must find room. */
#define QUEUE_LEAST (128ull << 10)
#define QUEUE_MOST (16ull << 20)
#define QUEUE_PER_SECOND 20

struct lab_net {
	struct netns *guests, *peer;
	struct lab_net_port *ports;
	unsigned count;
};

static uint64_t queue_of(const struct lab_net_plan *plan, uint64_t speed)
{
	uint64_t bytes = speed / QUEUE_PER_SECOND;

	if (plan->queue_bytes != 0)
		return plan->queue_bytes;
	if (bytes < QUEUE_LEAST)
		return QUEUE_LEAST;
	return bytes < QUEUE_MOST ? bytes : QUEUE_MOST;
}

/* -- the shared link --------------------------------------------------------------------------- */

/* What one end sends is shaped where it is sent, by one class that all of it passes. */
static int shape_by(struct tc *tc, const char *name, const struct lab_net_plan *plan,
		    struct error *err)
{
	uint64_t speed = plan->bytes_per_sec != 0 ? plan->bytes_per_sec : SPEED_FREE;
	struct tc_class class = { .minor = 1, .rate = speed, .ceil = speed,
				  .queue_bytes = queue_of(plan, speed) };
	struct tc_link link;
	int r = tc_link_by_name(tc, name, &link, err);

	if (r == 0)
		r = tc_add_htb(tc, link.index, class.minor, err);
	return r == 0 ? tc_put_class(tc, link.index, &class, err) : r;
}

/* The socket of traffic control is one of the namespace that it is opened in. */
static int shape(struct netns *ns, const char *name, const struct lab_net_plan *plan,
		 struct error *err)
{
	struct root *root = root_live_new();
	struct tc *tc = NULL;
	int back, r;

	if (root == NULL)
		return error_errno(err, -ENOMEM, "%s", name);
	r = netns_enter(ns, &back, err);
	if (r == 0) {
		r = tc_open(root, &tc, err);
		netns_leave(back);
	}
	if (r == 0)
		r = shape_by(tc, name, plan, err);
	tc_close(tc);
	root_free(root);
	return r;
}

static int make_link(struct lab_net *net, const struct lab_net_plan *plan, struct error *err)
{
	char address[LAB_NET_TEXT_SIZE];
	int r;

	snprintf(address, sizeof address, "%s/%d", PEER_ADDRESS, ADDRESS_BITS);
	r = netns_add_bridge(net->guests, BRIDGE, err);
	if (r == 0)
		r = netns_add_wire(net->guests, UPLINK, net->peer, PEER, err);
	if (r == 0)
		r = netns_add_port(net->guests, BRIDGE, UPLINK, err);
	if (r == 0)
		r = netns_add_address(net->peer, PEER, address, err);
	if (r == 0)
		r = shape(net->guests, UPLINK, plan, err);
	return r == 0 ? shape(net->peer, PEER, plan, err) : r;
}

/* -- ports ---------------------------------------------------------------------------------------- */

/* QEMU's prefix of hardware addresses, and three bytes of ours. */
static void name_port(struct lab_net_port *port, unsigned number)
{
	*port = (struct lab_net_port){
		.tap_fd = -1,
		.mac = { 0x52, 0x54, 0x00, 0x7c, 0xe5, (unsigned char)(number + 2) },
	};
	snprintf(port->name, sizeof port->name, "tap%u", number + 1);
	snprintf(port->address, sizeof port->address, "10.117.0.%u/%d", number + 2, ADDRESS_BITS);
}

static int make_ports(struct lab_net *net, unsigned count, struct error *err)
{
	int r = 0;

	net->ports = calloc(count + 1, sizeof *net->ports);
	if (net->ports == NULL)
		return error_errno(err, -ENOMEM, "taps");
	while (r == 0 && net->count < count) {
		struct lab_net_port *port = &net->ports[net->count];

		name_port(port, net->count++);
		r = netns_add_tap(net->guests, port->name, BRIDGE, &port->tap_fd, err);
	}
	return r;
}

/* -- the network ---------------------------------------------------------------------------------- */

static int check_plan(const struct lab_net_plan *plan, struct error *err)
{
	if (plan->ports > LAB_NET_PORTS_MOST)
		return error_set(err, -EINVAL, "a network of an experiment has at most %d guests",
				 LAB_NET_PORTS_MOST);
	if (plan->bytes_per_sec != 0 && plan->bytes_per_sec < LAB_NET_SPEED_LEAST)
		return error_set(err, -EINVAL, "a shared link carries at least %llu bytes a second",
				 LAB_NET_SPEED_LEAST);
	return 0;
}

int lab_net_new(const struct lab_net_plan *plan, struct lab_net **ret, struct error *err)
{
	struct lab_net *net;
	int r = check_plan(plan, err);

	if (r < 0)
		return r;
	net = calloc(1, sizeof *net);
	if (net == NULL)
		return error_errno(err, -ENOMEM, "a network");
	r = netns_new(&net->guests, err);
	if (r == 0)
		r = netns_new(&net->peer, err);
	if (r == 0)
		r = make_link(net, plan, err);
	if (r == 0)
		r = make_ports(net, plan->ports, err);
	if (r < 0) {
		lab_net_free(net);
		error_prefix(err, "the experiment's network");
		return r;
	}
	*ret = net;
	return 0;
}

void lab_net_free(struct lab_net *net)
{
	if (net == NULL)
		return;
	for (unsigned i = 0; i < net->count; i++)
		if (net->ports[i].tap_fd >= 0)
			close(net->ports[i].tap_fd);
	free(net->ports);
	netns_free(net->peer);
	netns_free(net->guests);
	free(net);
}

/* One that is made says it best. */
int lab_net_check(struct error *err)
{
	struct lab_net_plan plan = { .ports = 1 };
	struct lab_net *net;
	int r = lab_net_new(&plan, &net, err);

	if (r == 0)
		lab_net_free(net);
	return r;
}

const struct lab_net_port *lab_net_port(const struct lab_net *net, unsigned number)
{
	return number < net->count ? &net->ports[number] : NULL;
}

int lab_net_guests_fd(const struct lab_net *net)
{
	return netns_fd(net->guests);
}

int lab_net_peer_fd(const struct lab_net *net)
{
	return netns_fd(net->peer);
}

const char *lab_net_peer_address(const struct lab_net *net)
{
	return PEER_ADDRESS;
}

const char *lab_net_uplink(const struct lab_net *net)
{
	return UPLINK;
}

/* -- what passed --------------------------------------------------------------------------------- */

static int count_end(struct netns *ns, const char *name, struct lab_net_counts *ret,
		     struct error *err)
{
	struct netns_counts counts;
	int r = netns_count_queue(ns, name, &counts, err);

	if (r == 0)
		*ret = (struct lab_net_counts){ counts.sent_bytes, counts.sent_packets,
						counts.sent_dropped, counts.queued_bytes };
	return r;
}

int lab_net_count_link(struct lab_net *net, struct lab_net_counts *ret_to_peer,
		       struct lab_net_counts *ret_to_guests, struct error *err)
{
	struct lab_net_counts to_peer;
	int r = count_end(net->guests, UPLINK, &to_peer, err);

	if (r == 0)
		r = count_end(net->peer, PEER, ret_to_guests, err);
	if (r == 0)
		*ret_to_peer = to_peer;
	return r;
}

/* What the guest sends its tap receives. */
int lab_net_count_port(struct lab_net *net, unsigned number, struct lab_net_counts *ret_sent,
		       struct lab_net_counts *ret_received, struct error *err)
{
	struct netns_counts counts;
	int r;

	if (number >= net->count)
		return error_set(err, -EINVAL, "the network has no port %u", number);
	r = netns_count(net->guests, net->ports[number].name, &counts, err);
	if (r < 0)
		return r;
	*ret_sent = (struct lab_net_counts){ counts.received_bytes, counts.received_packets,
					     counts.received_dropped, 0 };
	*ret_received = (struct lab_net_counts){ counts.sent_bytes, counts.sent_packets,
						 counts.sent_dropped, 0 };
	return 0;
}
