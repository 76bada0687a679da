/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Lua policy on a made-up host, for tests and the benchmark: what it asks for is kept. */
#ifndef DECIDE_LUA_TRIAL_H
#define DECIDE_LUA_TRIAL_H

#include "base/error.h"
#include "base/str.h"
#include "decide/lua_policy.h"
#include "model/snapshot.h"
#include "model/synthetic.h"

enum { TRIAL_REQUESTS_MAX = 4096 };

struct lua_trial {
	struct synthetic host;      /* now */
	struct snapshot before;
	bool has_before;
	struct lua_policy *lua;
	struct str problems;
	struct error err;
	struct request *requests;   /* of the last turn */
	size_t request_count;
	char warning[400];          /* the last one of the last turn */
	size_t warning_count;
};

/* A host of four CPUs and so many VMs; negative with `err` where the text does not load. */
int lua_trial_begin(struct lua_trial *trial, unsigned vms, const char *text);
void lua_trial_end(struct lua_trial *trial);
/* Another policy in the place of the one that runs, with its state. */
int lua_trial_replace(struct lua_trial *trial, const char *text);
/* A turn on the host as it is; then `before` is what it was. */
int lua_trial_turn(struct lua_trial *trial, enum decider_occasion occasion,
		   const struct outcome *outcomes, size_t outcome_count);
/* A second later, and a turn. */
int lua_trial_tick(struct lua_trial *trial);
/* The request of the last turn to the VM at that place (-1: the host); NULL: none. */
const struct request *lua_trial_request(const struct lua_trial *trial, int vm,
					enum setting setting);

#endif
