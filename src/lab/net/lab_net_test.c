/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As root: guests are this test itself, by the descriptors of their taps. */
#include "lab/net/lab_net.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/host/child.h"
#include "sys/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MEGABYTE 1000000ull
#define PORT 9
#define ATTEMPTS 8
#define PAYLOAD 1472
#define FRAME_BYTES (ETH_HLEN + 20 + 8 + PAYLOAD)

static struct lab_net *new_net(unsigned ports, uint64_t speed)
{
	struct lab_net_plan plan = { .ports = ports, .bytes_per_sec = speed };
	struct error err = { 0 };
	struct lab_net *net = NULL;

	if (lab_net_new(&plan, &net, &err) < 0)
		fail_msg("%s", err.text);
	return net;
}

/* -- who talks ---------------------------------------------------------------------------------- */

struct frame {
	struct virtio_net_hdr virtio;
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	unsigned char payload[PAYLOAD];
} __attribute__((packed));

/* Without its bits. */
static in_addr_t address_of(const struct lab_net_port *port)
{
	char address[LAB_NET_TEXT_SIZE];

	snprintf(address, sizeof address, "%.*s", (int)strcspn(port->address, "/"), port->address);
	return inet_addr(address);
}

static uint16_t ip_sum(const struct iphdr *ip)
{
	uint16_t words[10];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof words);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~(sum + (sum >> 16));
}

static void fill_frame(struct frame *frame, const struct lab_net_port *from,
		       const unsigned char *to_mac, const char *to)
{
	*frame = (struct frame){
		.ethernet = { .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			.tot_len = htons(20 + 8 + PAYLOAD), .daddr = inet_addr(to) },
		.udp = { .source = htons(PORT), .dest = htons(PORT), .len = htons(8 + PAYLOAD) },
	};
	struct iphdr ip = frame->ip;

	ip.saddr = address_of(from);
	ip.check = ip_sum(&ip);
	frame->ip = ip;
	memcpy(frame->ethernet.h_source, from->mac, ETH_ALEN);
	memcpy(frame->ethernet.h_dest, to_mac, ETH_ALEN);
}

/* A socket stays in the network that it was made in. */
static int socket_in(int namespace, int type)
{
	CLEANUP_CLOSE int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
	fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(setns(back, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	return fd;
}

static int peer_socket(const struct lab_net *net)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket_in(lab_net_peer_fd(net), SOCK_DGRAM);
	int on = 1, room = 16 << 20;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room), 0);
	return fd;
}

static void peer_mac(int peer, unsigned char ret[static ETH_ALEN])
{
	struct ifreq request = { .ifr_name = "eth0" };

	assert_int_equal(ioctl(peer, SIOCGIFHWADDR, &request), 0);
	memcpy(ret, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

/* So that the peer asks nobody who the guest is. */
static void tell_peer_of(int peer, const struct lab_net_port *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct arpreq request = { .arp_flags = ATF_COM | ATF_PERM, .arp_dev = "eth0" };

	address.sin_addr.s_addr = address_of(port);
	memcpy(&request.arp_pa, &address, sizeof address);
	request.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(request.arp_ha.sa_data, port->mac, ETH_ALEN);
	assert_int_equal(ioctl(peer, SIOCSARP, &request), 0);
}

/* -- how much arrives ---------------------------------------------------------------------------- */

struct tally {
	uint64_t count, first_nsec, last_nsec; /* of what arrived */
};

static void note(struct tally *tally, uint64_t at_nsec)
{
	if (tally->count++ == 0)
		tally->first_nsec = at_nsec;
	tally->last_nsec = at_nsec;
}

/* Bytes of frames a second between the first and the last. */
static double rate_of(const struct tally *tally)
{
	return (double)((tally->count - 1) * FRAME_BYTES) * 1e9 /
	       (double)(tally->last_nsec - tally->first_nsec);
}

/* By the kernel's stamps: when this test gets round to reading does not count. */
static void receive_all(int peer, struct tally *tally)
{
	char bytes[2048], control[128];
	struct iovec vector = { bytes, sizeof bytes };

	for (;;) {
		struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1,
					  .msg_control = control, .msg_controllen = sizeof control };
		struct timespec at;

		if (recvmsg(peer, &message, 0) < 0)
			return;
		memcpy(&at, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof at);
		note(tally, (uint64_t)at.tv_sec * NSEC_PER_SEC + (uint64_t)at.tv_nsec);
	}
}

/* What a guest sends for that long, at twice the link's speed. Returns how many frames. */
static uint64_t overrun(const struct lab_net_port *port, int peer, uint64_t speed,
			uint64_t for_nsec, struct tally *tally)
{
	uint64_t began = clock_monotonic_nsec(), sent = 0, elapsed;
	struct frame frame;
	unsigned char mac[ETH_ALEN];

	peer_mac(peer, mac);
	fill_frame(&frame, port, mac, "10.117.0.1");
	while ((elapsed = clock_monotonic_nsec() - began) < for_nsec) {
		uint64_t due = (uint64_t)(2.0 * (double)speed * (double)elapsed / 1e9) / FRAME_BYTES;

		for (int burst = 0; sent < due && burst < 64; burst++, sent++)
			assert_int_equal(write(port->tap_fd, &frame, sizeof frame), sizeof frame);
		receive_all(peer, tally);
	}
	return sent;
}

/* One attempt: how fast the peer heard; what it did not hear was lost at the link, each frame. */
static double overrun_once(uint64_t speed)
{
	struct lab_net *net = new_net(1, speed);
	int peer = peer_socket(net), waits = 0;
	struct lab_net_counts to_peer = { 0 }, to_guests;
	struct tally tally = { 0 };
	uint64_t sent = overrun(lab_net_port(net, 0), peer, speed, NSEC_PER_SEC, &tally);

	do {
		poll(NULL, 0, 10);
		receive_all(peer, &tally);
		assert_int_equal(lab_net_count_link(net, &to_peer, &to_guests, NULL), 0);
	} while (tally.count + to_peer.lost < sent && waits++ < 500);
	print_message("%.2f of %.2f MB/s, %lu of %lu frames lost\n", rate_of(&tally) / 1e6,
		      (double)speed / 1e6, to_peer.lost, sent);
	assert_int_equal(tally.count + to_peer.lost, sent);
	assert_true(to_peer.lost > 0);
	close(peer);
	lab_net_free(net);
	return rate_of(&tally);
}

/* Never more than was set. Less is what a busy machine does to the sender, so the best of a few
 * attempts says what the link carries. */
static void is_as_fast_as_set(double (*attempt)(uint64_t speed), uint64_t speed)
{
	double best = 0;

	for (int i = 0; i < ATTEMPTS && best < 0.95 * (double)speed; i++) {
		double rate = attempt(speed);

		assert_true(rate < 1.05 * (double)speed);
		best = rate > best ? rate : best;
	}
	assert_true(best > 0.95 * (double)speed);
}

static void a_link_of_100_Mbit_carries_that(void **state)
{
	is_as_fast_as_set(overrun_once, 12500000);
}

static void a_link_of_20_Mbit_carries_that(void **state)
{
	is_as_fast_as_set(overrun_once, 2500000);
}

static void a_link_of_200_Mbit_carries_that(void **state)
{
	is_as_fast_as_set(overrun_once, 25000000);
}

/* How many frames of the peer's lie at a tap. */
static void receive_frames(int tap, struct tally *tally)
{
	struct frame frame;
	ssize_t size;

	while ((size = read(tap, &frame, sizeof frame)) > 0)
		if (size == sizeof frame && frame.ethernet.h_proto == htons(ETH_P_IP))
			note(tally, clock_monotonic_nsec());
}

/* A bridge sends to all ports what is for somebody whom it has not heard of. */
static void speak_up(const struct lab_net_port *port, int peer)
{
	struct frame frame;
	unsigned char mac[ETH_ALEN];

	peer_mac(peer, mac);
	fill_frame(&frame, port, mac, "10.117.0.1");
	assert_int_equal(write(port->tap_fd, &frame, sizeof frame), sizeof frame);
}

/* The peer fills the link by turns to both guests. Bytes of frames a second, at least: both ends
 * of the time are outside. */
static double hear_once(uint64_t speed)
{
	struct lab_net *net = new_net(2, speed);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct tally heard[2] = { 0 };
	unsigned char payload[PAYLOAD] = { 0 };
	int peer = peer_socket(net);
	uint64_t began;

	for (unsigned i = 0; i < 2; i++) {
		tell_peer_of(peer, lab_net_port(net, i));
		speak_up(lab_net_port(net, i), peer);
	}
	began = clock_monotonic_nsec();
	for (unsigned turn = 0; clock_monotonic_nsec() - began < NSEC_PER_SEC; turn++) {
		to.sin_addr.s_addr = address_of(lab_net_port(net, turn % 2));
		if (sendto(peer, payload, sizeof payload, 0, (struct sockaddr *)&to, sizeof to) < 0)
			assert_int_equal(errno, EAGAIN);
		for (unsigned i = 0; i < 2; i++)
			receive_frames(lab_net_port(net, i)->tap_fd, &heard[i]);
	}
	began = clock_monotonic_nsec() - began;
	print_message("%lu and %lu frames\n", heard[0].count, heard[1].count);
	assert_true(heard[0].count > 10 && heard[1].count > 10);
	close(peer);
	lab_net_free(net);
	return (double)((heard[0].count + heard[1].count) * FRAME_BYTES) * 1e9 / (double)began;
}

static void to_guests_it_is_as_fast_and_they_share_it(void **state)
{
	is_as_fast_as_set(hear_once, 12500000);
}

/* A bridge knows who is where once it has heard of him. */
static void what_guests_say_to_each_other_is_not_on_the_link(void **state)
{
	struct lab_net *net = new_net(2, 12500000);
	const struct lab_net_port *one = lab_net_port(net, 0), *two = lab_net_port(net, 1);
	struct lab_net_counts before, after, to_guests, sent, received;
	struct tally tally = { 0 };
	struct frame frame;

	fill_frame(&frame, two, one->mac, "10.117.0.2");
	assert_int_equal(write(two->tap_fd, &frame, sizeof frame), sizeof frame);
	receive_frames(one->tap_fd, &tally);
	tally.count = 0;
	assert_int_equal(lab_net_count_link(net, &before, &to_guests, NULL), 0);
	fill_frame(&frame, one, two->mac, "10.117.0.3");
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(one->tap_fd, &frame, sizeof frame), sizeof frame);
	for (int waits = 0; tally.count < 100 && waits < 500; waits++) {
		receive_frames(two->tap_fd, &tally);
		poll(NULL, 0, tally.count < 100 ? 10 : 0);
	}
	assert_int_equal(tally.count, 100);
	assert_int_equal(lab_net_count_link(net, &after, &to_guests, NULL), 0);
	assert_true(after.packets - before.packets < 10);
	assert_int_equal(lab_net_count_port(net, 0, &sent, &received, NULL), 0);
	assert_int_equal(sent.packets, 100);
	assert_int_equal(sent.bytes, 100 * FRAME_BYTES);
	assert_int_equal(lab_net_count_port(net, 1, &sent, &received, NULL), 0);
	assert_true(received.packets >= 100);
	lab_net_free(net);
}

/* -- what it has nothing to do with ---------------------------------------------------------------- */

static ino_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

static void is_unreachable(int fd, const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT),
				  .sin_addr.s_addr = inet_addr(address) };

	assert_int_equal(sendto(fd, "", 0, 0, (struct sockaddr *)&to, sizeof to), -1);
	assert_int_equal(errno, ENETUNREACH);
}

static void neither_this_host_nor_the_world_is_reached_from_it(void **state)
{
	CLEANUP_CLOSE int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct lab_net *net = new_net(1, 0);
	int peer = peer_socket(net), guest = socket_in(lab_net_guests_fd(net), SOCK_DGRAM);

	assert_int_not_equal(inode_of(here), inode_of(lab_net_guests_fd(net)));
	assert_int_not_equal(inode_of(here), inode_of(lab_net_peer_fd(net)));
	assert_int_not_equal(inode_of(lab_net_peer_fd(net)), inode_of(lab_net_guests_fd(net)));
	is_unreachable(peer, "192.0.2.1");
	is_unreachable(guest, "192.0.2.1");
	is_unreachable(guest, lab_net_peer_address(net));
	close(peer);
	close(guest);
	lab_net_free(net);
}

/* The same addresses and the same names, and neither hears the other. */
static void two_networks_at_once_do_not_meet(void **state)
{
	struct lab_net *one = new_net(1, 12500000), *other = new_net(1, 12500000);
	int peer_of_one = peer_socket(one), peer_of_other = peer_socket(other);
	struct tally heard = { 0 }, overheard = { 0 };

	overrun(lab_net_port(one, 0), peer_of_one, 12500000, 50 * NSEC_PER_MSEC, &heard);
	for (int waits = 0; heard.count == 0 && waits < 500; waits++) {
		poll(NULL, 0, 10);
		receive_all(peer_of_one, &heard);
	}
	receive_all(peer_of_other, &overheard);
	assert_true(heard.count > 0);
	assert_int_equal(overheard.count, 0);
	close(peer_of_one);
	close(peer_of_other);
	lab_net_free(one);
	lab_net_free(other);
}

/* -- its end --------------------------------------------------------------------------------------- */

static void start_inside(struct child *child, int network, const char *command)
{
	const char *arguments[] = { "sh", "-c", command, NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1,
				   .network_fd = network };
	struct error err = { 0 };

	if (child_start(child, &plan, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_child_can_be_started_in_it(void **state)
{
	struct lab_net *net = new_net(1, 0);
	struct pollfd end = { .events = POLLIN };
	struct child child;
	int status = -1;

	start_inside(&child, lab_net_peer_fd(net),
		     "test \"$(cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' \\n')\" = loeth0");
	end.fd = child.pidfd;
	assert_int_equal(poll(&end, 1, 10000), 1);
	assert_true(child_ended(&child, &status));
	assert_int_equal(status, 0);
	child_done(&child);
	lab_net_free(net);
}

static void tie(int namespace, struct netns *witness, const char *end)
{
	struct netns *ns = NULL;

	assert_int_equal(netns_open(namespace, &ns, NULL), 0);
	assert_int_equal(netns_add_wire(ns, end, witness, end, NULL), 0);
	netns_free(ns);
}

static void a_child_sees_in_sys_what_is_in_its_network(void **state)
{
	struct lab_net *net = new_net(2, 0);
	const char *arguments[] = { "sh", "-c",
		"set -- /sys/class/net/*; test \"$(echo $* | tr -d ' ')\" = "
		"/sys/class/net/bridge/sys/class/net/lo/sys/class/net/tap1/sys/class/net/tap2"
		"/sys/class/net/uplink && test -r /sys/class/net/tap1/tun_flags && "
		"test -e /sys/class/net/tap2/master/bridge && test -d /sys/fs/cgroup", NULL };
	struct child_plan plan = { .arguments = arguments, .output_fd = -1, .error_fd = -1,
				   .network_fd = lab_net_guests_fd(net), .network_view = true };
	struct pollfd end = { .events = POLLIN };
	struct error err = { 0 };
	struct child child;
	int status = -1;

	if (child_start(&child, &plan, &err) < 0)
		fail_msg("%s", err.text);
	end.fd = child.pidfd;
	assert_int_equal(poll(&end, 1, 10000), 1);
	assert_true(child_ended(&child, &status));
	assert_int_equal(status, 0);
	child_done(&child);
	assert_int_equal(access("/sys/class/net/uplink", F_OK), -1);
	lab_net_free(net);
}

/* In a process of its own, with a child in the network, until it is killed. */
static void live(struct netns *witness, int ready_fd)
{
	struct lab_net *net = new_net(2, 12500000);
	struct child child;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	start_inside(&child, lab_net_guests_fd(net), "exec sleep 1000");
	tie(lab_net_guests_fd(net), witness, "guests-end");
	tie(lab_net_peer_fd(net), witness, "peer-end");
	assert_int_equal(write(ready_fd, &child.pid, sizeof child.pid), sizeof child.pid);
	for (;;)
		pause();
}

static bool is_there(struct netns *ns, const char *name)
{
	struct netns_counts counts;

	return netns_count(ns, name, &counts, NULL) == 0;
}

/* A wire loses its end at the witness's when the namespace of its other end is gone, and with that
 * all its taps and bridges are. */
static void nothing_of_it_is_left_when_its_owner_is_killed(void **state)
{
	struct netns *witness = NULL;
	pid_t owner, inmate = 0;
	int ready[2], waits = 0;

	assert_int_equal(netns_new(&witness, NULL), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	owner = fork();
	assert_true(owner >= 0);
	if (owner == 0)
		live(witness, ready[1]);
	assert_int_equal(read(ready[0], &inmate, sizeof inmate), sizeof inmate);
	assert_true(is_there(witness, "guests-end") && is_there(witness, "peer-end"));
	assert_int_equal(kill(inmate, 0), 0);
	assert_int_equal(kill(owner, SIGKILL), 0);
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	while ((is_there(witness, "guests-end") || is_there(witness, "peer-end")) && waits++ < 500)
		poll(NULL, 0, 10);
	assert_false(is_there(witness, "guests-end"));
	assert_false(is_there(witness, "peer-end"));
	close(ready[0]);
	close(ready[1]);
	netns_free(witness);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_of_100_Mbit_carries_that),
		cmocka_unit_test(a_link_of_20_Mbit_carries_that),
		cmocka_unit_test(a_link_of_200_Mbit_carries_that),
		cmocka_unit_test(to_guests_it_is_as_fast_and_they_share_it),
		cmocka_unit_test(what_guests_say_to_each_other_is_not_on_the_link),
		cmocka_unit_test(neither_this_host_nor_the_world_is_reached_from_it),
		cmocka_unit_test(two_networks_at_once_do_not_meet),
		cmocka_unit_test(a_child_can_be_started_in_it),
		cmocka_unit_test(a_child_sees_in_sys_what_is_in_its_network),
		cmocka_unit_test(nothing_of_it_is_left_when_its_owner_is_killed),
	};
	struct error err = { 0 };
	int r = lab_net_check(&err);

	if (r < 0) {
		printf("%s\n", err.text);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
