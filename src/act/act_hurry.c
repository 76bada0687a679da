/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_hurry.h"

#include "act/actuator.h"
#include "base/error.h"
#include "sys/root.h"

#include <errno.h>

#define EXPEDITED "/sys/kernel/rcu_expedited"
#define NORMAL "/sys/kernel/rcu_normal"

static const struct vm_identity the_host = { .pid = 0 };

/* Whatever the journal names, this file alone is written. */
static int hurry_undo(void *context, const struct vm_identity *vm, const char *target,
		      const char *was, const char *now, struct error *err)
{
	int r = root_write(context, EXPEDITED, "0");

	return r < 0 && r != -ENOENT ? error_errno(err, r, "cannot set " EXPEDITED " back to 0") : r;
}

const struct lease_kind act_lease_hurry_kind = { .name = "hurry", .undo = hurry_undo };

static bool is_off(struct root *root, const char *path)
{
	char text[16];

	return root_read(root, path, text, sizeof text) > 0 && text[0] == '0';
}

struct act_hurry act_hurry_begin(struct act_context *context)
{
	struct act_hurry hurry = { .id = 0 };

	if (!is_off(context->root, EXPEDITED) || !is_off(context->root, NORMAL) ||
	    leases_take(context->leases, &act_lease_hurry_kind, &the_host, EXPEDITED, "0", "1", NULL,
			&hurry.id, NULL) < 0)
		return (struct act_hurry){ .id = 0 };
	if (root_write(context->root, EXPEDITED, "1") >= 0)
		return hurry;
	(void)leases_drop(context->leases, hurry.id, NULL);
	return (struct act_hurry){ .id = 0 };
}

/* Where it cannot be set back the lease stays, and every undo tries again. */
void act_hurry_end(struct act_context *context, const struct act_hurry *hurry)
{
	if (hurry->id != 0)
		(void)leases_undo(context->leases, hurry->id, NULL);
}

void act_hurry_clean(struct leases *leases)
{
	const struct lease *lease = leases_find(leases, &act_lease_hurry_kind, &the_host, EXPEDITED);

	if (lease != NULL)
		(void)leases_undo(leases, lease->id, NULL);
}
