/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for tc.c where Truce was built without libnl-route. */
#include "sys/tc.h"

#include "base/error.h"

#include <errno.h>

static int not_built(struct error *err)
{
	return error_set(err, -ENOSYS, "this Truce was built without libnl-route, so networks cannot be "
			 "shaped");
}

void tc_close(struct tc *tc)
{
}

int tc_open(struct root *root, struct tc **ret, struct error *err)
{
	return not_built(err);
}

int tc_link_by_name(struct tc *tc, const char *name, struct tc_link *ret, struct error *err)
{
	return not_built(err);
}

int tc_link_by_index(struct tc *tc, int index, struct tc_link *ret, struct error *err)
{
	return not_built(err);
}

ssize_t tc_ports(struct tc *tc, int master, struct tc_link *ret, size_t capacity,
		 struct error *err)
{
	return not_built(err);
}

int tc_add_ifb(struct tc *tc, const char *name, struct error *err)
{
	return not_built(err);
}

int tc_delete_ifb(struct tc *tc, const char *name, struct error *err)
{
	return not_built(err);
}

int tc_root_qdisc(struct tc *tc, int index, struct tc_qdisc *ret, struct error *err)
{
	return not_built(err);
}

int tc_ingress_qdisc(struct tc *tc, int index, struct tc_qdisc *ret, struct error *err)
{
	return not_built(err);
}

int tc_add_htb(struct tc *tc, int index, unsigned default_minor, struct error *err)
{
	return not_built(err);
}

int tc_delete_htb(struct tc *tc, int index, struct error *err)
{
	return not_built(err);
}

int tc_put_class(struct tc *tc, int index, const struct tc_class *class, struct error *err)
{
	return not_built(err);
}

int tc_delete_class(struct tc *tc, int index, unsigned minor, struct error *err)
{
	return not_built(err);
}

ssize_t tc_classes(struct tc *tc, int index, struct tc_class *ret, size_t capacity,
		   struct error *err)
{
	return not_built(err);
}

int tc_find_class(struct tc *tc, int index, unsigned minor, struct tc_class *ret,
		  struct error *err)
{
	return not_built(err);
}

int tc_add_redirect(struct tc *tc, int from, int to, struct error *err)
{
	return not_built(err);
}

int tc_has_redirect(struct tc *tc, int from, int to, struct error *err)
{
	return not_built(err);
}

int tc_delete_redirect(struct tc *tc, int from, struct error *err)
{
	return not_built(err);
}

int tc_add_classifier(struct tc *tc, int index, const char *from, unsigned minor,
		      struct error *err)
{
	return not_built(err);
}

int tc_delete_classifier(struct tc *tc, int index, unsigned minor, struct error *err)
{
	return not_built(err);
}
