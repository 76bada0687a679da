/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a unix socket, by the kernel's word. */
#ifndef CONTROL_PEER_H
#define CONTROL_PEER_H

#include "control/server.h"

#define CONTROL_NO_GROUP ((gid_t)-1)

/* -1 as gid_t where there is no such group: then root alone may change. */
gid_t control_group_find(const char *name);
int control_peer_look(int fd, gid_t group, struct control_peer *ret);

#endif
