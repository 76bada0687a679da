/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network workloads have in common: addresses as numbers (there is no name service in a
 * small guest), and sockets.
 */
#ifndef WORK_NET_H
#define WORK_NET_H

#include "work/lane.h"
#include "work/net_wire.h"

#include <sys/socket.h>

enum net_protocol { NET_TCP, NET_UDP };
extern const char *const net_protocols[];

#define NET_PORT "5201"
#define CONNECT_NSEC 10000000000ull /* how long a peer may take until it listens */

/* "10.0.0.1", "fd00::1"; an empty one is any, for listening. */
int net_address_check(const char *text, struct error *err);
/* A socket that is bound, and listens where it is TCP's. */
int net_listen(const char *address, uint64_t port, enum net_protocol protocol, int *ret_fd,
	       struct error *err);
/* Tries again until the peer listens, it shall end, or CONNECT_NSEC have passed. */
int net_connect(struct lane *lane, const char *address, uint64_t port,
		enum net_protocol protocol, int *ret_fd, struct error *err);
/* Waits until it is readable (at most this long); false: not, or it shall end. */
bool net_wait_readable(const struct lane *lane, int fd, uint64_t most_nsec);
/* All of it; -EINTR when it shall end. */
int net_send_all(const struct lane *lane, int fd, const void *bytes, size_t size);
int net_receive_all(const struct lane *lane, int fd, void *bytes, size_t size);
/* Both ends of a connection are told to end at once, and one is the first: true where the other one
 * closed it (code) and this one is told to end within five seconds. */
bool net_is_ending(struct lane *lane, int code);

uint64_t net_session(void);

#endif
