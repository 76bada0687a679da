/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for netns.c where Truce was built without libnl-route. */
#include "sys/netns.h"

#include "base/error.h"

#include <errno.h>

static int not_built(struct error *err)
{
	return error_set(err, -ENOSYS, "this Truce was built without libnl-route, so it makes no networks");
}

int netns_new(struct netns **ret, struct error *err)
{
	return not_built(err);
}

int netns_open(int fd, struct netns **ret, struct error *err)
{
	return not_built(err);
}

void netns_free(struct netns *ns)
{
}

int netns_fd(const struct netns *ns)
{
	return -1;
}

int netns_enter(const struct netns *ns, int *ret_back, struct error *err)
{
	return not_built(err);
}

void netns_leave(int back)
{
}

int netns_add_bridge(struct netns *ns, const char *name, struct error *err)
{
	return not_built(err);
}

int netns_add_tap(struct netns *ns, const char *name, const char *bridge, int *ret_fd,
		  struct error *err)
{
	return not_built(err);
}

int netns_add_wire(struct netns *ns, const char *name, struct netns *other,
		   const char *other_name, struct error *err)
{
	return not_built(err);
}

int netns_add_port(struct netns *ns, const char *bridge, const char *name, struct error *err)
{
	return not_built(err);
}

int netns_add_address(struct netns *ns, const char *name, const char *address,
		      struct error *err)
{
	return not_built(err);
}

int netns_count(struct netns *ns, const char *name, struct netns_counts *ret,
		struct error *err)
{
	return not_built(err);
}

int netns_count_queue(struct netns *ns, const char *name, struct netns_counts *ret,
		      struct error *err)
{
	return not_built(err);
}
