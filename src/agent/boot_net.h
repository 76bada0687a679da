/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces come up and get their addresses; IPv4, without any helper. */
#ifndef AGENT_BOOT_NET_H
#define AGENT_BOOT_NET_H

struct boot_address;
struct error;

void boot_net_loopback(void);

/* -ENODEV: there is no such interface (yet). */
int boot_net_address(const struct boot_address *address, struct error *err);

#endif
