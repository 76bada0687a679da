/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/guest_start.h"

#include "base/error.h"

#include <errno.h>

int guest_start_domain(struct guest_ends *ends, const struct guest_plan *plan, struct error *err)
{
	return error_set(err, -ENOTSUP, "%s", plan->domain);
}
