/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy.h"

#include <stddef.h>

const struct verb *const policy_verbs[] = {
	&policy_check_verb,
	&policy_build_verb,
	&policy_replay_verb,
	&policy_load_verb,
	&policy_unload_verb,
	&policy_show_verb,
	NULL,
};
