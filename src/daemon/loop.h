/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of truced's one thread, and what keeps its parts alive. */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "daemon/daemon.h"

int daemon_run(struct daemon *daemon, struct error *err);
void daemon_save_hand(struct daemon *daemon); /* what a person said, where it has changed */
void daemon_watch(struct daemon *daemon, int fd); /* in the loop's epoll; again is no mistake */

#endif
