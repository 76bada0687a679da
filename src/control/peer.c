/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/peer.h"

#include "base/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <sys/socket.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* Linux 4.13 */
#endif

gid_t control_group_find(const char *name)
{
	char buffer[4096];
	struct group group, *found = NULL;

	if (getgrnam_r(name, &group, buffer, sizeof buffer, &found) != 0 || found == NULL)
		return CONTROL_NO_GROUP;
	return found->gr_gid;
}

/* The peer's own list, as it was when it connected: not what a file says of its user. */
static bool is_member(int fd, gid_t group)
{
	gid_t few[64];
	CLEANUP_FREE gid_t *many = NULL;
	gid_t *list = few;
	socklen_t size = sizeof few;
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &size) < 0) {
		if (errno != ERANGE || size > 65536 * sizeof *many)
			return false;
		list = many = malloc(size);
		if (many == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &size) < 0)
			return false;
	}
	for (i = 0; i < size / sizeof *list; i++)
		if (list[i] == group)
			return true;
	return false;
}

int control_peer_look(int fd, gid_t group, struct control_peer *ret)
{
	struct ucred credentials;
	socklen_t size = sizeof credentials;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	ret->pid = credentials.pid;
	ret->uid = credentials.uid;
	ret->may_change = credentials.uid == 0 ||
			  (group != CONTROL_NO_GROUP &&
			   (credentials.gid == group || is_member(fd, group)));
	return 0;
}
