/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At most one file system that is frozen for the host. A child freezes it, because the kernel
 * writes back all that is dirty first, and the agent answers meanwhile. It is thawed when the
 * host says so, when its limit is over, and when the host is gone.
 */
#ifndef AGENT_FREEZER_H
#define AGENT_FREEZER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

struct freezer {
	int fd;	     /* of the file system; -1: none is, or becomes, frozen */
	pid_t child; /* that freezes it; 0: it is done */
	int pidfd;
	uint64_t until_nsec;
	char path[256];
};

void freezer_init(struct freezer *freezer);

int freezer_begin(struct freezer *freezer, const char *path, uint64_t until_nsec,
		  struct error *err);

/* 1: it is frozen since just now; 0: nothing new; else it could not be. */
int freezer_poll(struct freezer *freezer, struct error *err);

/* True when it was frozen. */
bool freezer_end(struct freezer *freezer);

#endif
