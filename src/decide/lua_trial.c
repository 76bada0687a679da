/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load(struct lua_trial *trial, const char *text, struct lua_policy **ret)
{
	str_clear(&trial->problems);
	return lua_policy_new(text, strlen(text), "test.lua", 0, &trial->problems, ret,
			      &trial->err);
}

int lua_trial_begin(struct lua_trial *trial, unsigned vms, const char *text)
{
	int r;

	memset(trial, 0, sizeof *trial);
	str_init(&trial->problems);
	snapshot_init(&trial->before);
	r = synthetic_init(&trial->host, 4, vms, 1);
	if (r < 0)
		return r;
	trial->requests = calloc(TRIAL_REQUESTS_MAX, sizeof *trial->requests);
	if (trial->requests == NULL)
		return -ENOMEM;
	return load(trial, text, &trial->lua);
}

void lua_trial_end(struct lua_trial *trial)
{
	lua_policy_free(trial->lua);
	synthetic_done(&trial->host);
	snapshot_done(&trial->before);
	str_done(&trial->problems);
	free(trial->requests);
}

int lua_trial_replace(struct lua_trial *trial, const char *text)
{
	struct lua_policy *lua;
	struct str state;
	int r = load(trial, text, &lua);

	if (r < 0)
		return r;
	str_init(&state);
	lua_policy_state_append(trial->lua, &state);
	r = lua_policy_state_take(lua, state.data, state.length, &trial->err);
	str_done(&state);
	lua_policy_free(trial->lua);
	trial->lua = lua;
	return r;
}

static int keep_request(void *context, const struct request *request)
{
	struct lua_trial *trial = context;

	if (trial->request_count == TRIAL_REQUESTS_MAX)
		return -ENOSPC;
	trial->requests[trial->request_count++] = *request;
	return 0;
}

static void keep_warning(void *context, const struct vm_identity *vm, const char *text)
{
	struct lua_trial *trial = context;

	snprintf(trial->warning, sizeof trial->warning, "%s", text);
	trial->warning_count++;
}

int lua_trial_turn(struct lua_trial *trial, enum decider_occasion occasion,
		   const struct outcome *outcomes, size_t outcome_count)
{
	struct turn turn = {
		.occasion = occasion, .now = &trial->host.snapshot,
		.before = trial->has_before ? &trial->before : NULL,
		.outcomes = outcomes, .outcome_count = outcome_count,
		.sink = { trial, keep_request, keep_warning },
	};
	int r;

	trial->request_count = trial->warning_count = 0;
	trial->warning[0] = '\0';
	r = lua_policy_turn(trial->lua, &turn, &trial->err);
	trial->has_before = snapshot_copy(&trial->before, &trial->host.snapshot) == 0;
	return r;
}

int lua_trial_tick(struct lua_trial *trial)
{
	synthetic_tick(&trial->host);
	return lua_trial_turn(trial, DECIDER_TICK, NULL, 0);
}

const struct request *lua_trial_request(const struct lua_trial *trial, int vm,
					enum setting setting)
{
	struct vm_identity identity = { 0 };
	size_t i;

	if (vm >= 0)
		identity = trial->host.snapshot.vms[vm]->identity;
	for (i = 0; i < trial->request_count; i++)
		if (trial->requests[i].setting == setting &&
		    vm_identity_compare(&trial->requests[i].vm, &identity) == 0)
			return &trial->requests[i];
	return NULL;
}
