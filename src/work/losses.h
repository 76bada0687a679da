/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which datagrams of a session did not arrive. One is lost when 4096 later ones have come
 * without it: so the count only grows. What is missing among the last is decided at the end.
 * The numbers come from a stranger: they are believed, but cost no more for being large.
 */
#ifndef WORK_LOSSES_H
#define WORK_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#define LOSSES_WINDOW 4096u

struct losses {
	uint64_t base; /* all below are decided */
	uint64_t past; /* the highest that came, and one more; or what the sender said it sent */
	uint64_t bits[LOSSES_WINDOW / 64];
	uint64_t lost, again, late; /* came twice; came when it was counted as lost */
};

/* False: it came before, or too late. */
bool losses_take(struct losses *losses, uint64_t sequence);
/* The sender says that there were so many. */
void losses_end(struct losses *losses, uint64_t count);
/* Decides all up to the last that is known of. */
void losses_settle(struct losses *losses);

#endif
