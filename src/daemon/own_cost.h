/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What truced and the policies' processes cost this host, by the kernel's books. */
#ifndef DAEMON_OWN_COST_H
#define DAEMON_OWN_COST_H

#include <stdint.h>

struct daemon;

uint64_t own_cost_cpu_usec(void);                      /* all threads of this process */
uint64_t own_cost_deciders_cpu_usec(const struct daemon *daemon);
void own_cost_read(struct daemon *daemon);             /* resident memory, into the budget */

#endif
