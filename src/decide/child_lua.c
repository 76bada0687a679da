/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy in Lua as the language of a policy's process. */
#include "decide/child.h"
#include "decide/lua_run.h"

static struct lua_policy *policy;

static int load(const char *bytes, size_t size, const char *path, size_t memory_bytes,
		struct str *problems, struct error *err)
{
	return lua_policy_new(bytes, size, path, memory_bytes, problems, &policy, err);
}

static const struct policy *description(void)
{
	return lua_policy_description(policy);
}

static int turn(const struct turn *turn, struct error *err)
{
	return lua_policy_turn(policy, turn, err);
}

static bool state_append(struct str *out)
{
	return lua_policy_state_append(policy, out);
}

static int state_take(const char *bytes, size_t size, struct error *err)
{
	return lua_policy_state_take(policy, bytes, size, err);
}

/* The numbers of a run, which stay where they are while Lua runs. */
static const char *where(int *ret_line)
{
	const struct policy_rule *rule;

	if (policy == NULL || policy->subject == NULL ||
	    policy->rule >= policy->description.rule_count)
		return NULL;
	rule = &policy->description.rules[policy->rule];
	*ret_line = rule->line;
	return rule->name;
}

const struct child_language child_lua = {
	load, description, turn, state_append, state_take, where,
};
