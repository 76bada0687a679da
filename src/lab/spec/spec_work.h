/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workloads over the experiment's network. A spec names no address: `to=peer` is the peer, and
 * what the peer does is the other half of what the VM does, on a port of that VM's own.
 */
#ifndef LAB_SPEC_SPEC_WORK_H
#define LAB_SPEC_SPEC_WORK_H

#include <stdbool.h>

/* Whether the line's workload needs another one at the other end. */
bool spec_work_is_net(const char *line);
/* The line with the peer's address in the place of its name, and the port where it has none.
 * Free it; NULL: no memory. Other lines come back as they are. */
char *spec_work_of_vm(const char *line, const char *peer_address, unsigned port);
/* The other half, for a VM with this address; `more`: parameters of its own, or NULL. Free it;
 * NULL: no memory. */
char *spec_work_of_peer(const char *line, const char *vm_address, unsigned port, const char *more);

#endif
