/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy's rules have asked for and what still holds, for arbiters and daemons to come: of
 * each rule one request for each setting of each VM. Found by a map, as a policy may ask for many
 * in each turn; of no VM that has ended, or a host where VMs come and go would fill it.
 */
#ifndef DAEMON_ASKED_H
#define DAEMON_ASKED_H

#include "base/map.h"
#include "model/plan.h"

struct asked {
	struct request *items; /* in no order */
	size_t count, capacity;
	struct map places;     /* hash of VM, setting and rule -> its place, from 1 on */
};

/* A struct of zeros is empty. */
void asked_done(struct asked *asked);
/* In the place of what the same rule asked for before; a release ends that. False: no room. */
bool asked_take(struct asked *asked, const struct request *request);
/* Only what `is_kept` says yes to. */
void asked_keep(struct asked *asked, bool (*is_kept)(void *context, const struct request *request),
		void *context);

#endif
