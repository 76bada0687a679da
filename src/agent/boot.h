/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent as a guest's first process: what nobody else does there (uapi/agent_boot.h tells what
 * it finds and makes). What fails is told to the session, whose host can judge what it needs; the
 * guest goes on.
 */
#ifndef AGENT_BOOT_H_
#define AGENT_BOOT_H_

#include <stddef.h>

struct session;

/* Before anything else, /dev and /proc above all. */
void boot_mounts(struct session *session);

/* Modules, disks, networks. The command line's words; `ret_channel`: the channel's, "" where it
 * has none. */
void boot_machine(struct session *session, char *ret_channel, size_t size);

/* Children that were left to the first process. */
void boot_reap(const struct session *session);

_Noreturn void boot_power_off(void);

#endif
