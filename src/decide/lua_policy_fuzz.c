/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a policy comes back through a pipe and a file: whatever it is, it is refused or it
 * is a state whose bytes, written down again, are read again. */
#include "base/error.h"
#include "base/str.h"
#include "decide/lua_policy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char policy[] =
	"rule 'a' { run = function(vm, state) end }\n"
	"rule 'b' { on = 'birth', run = function(vm, state) end }\n"
	"rule 'c' { scope = 'host', run = function(host, state) end }\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct lua_policy *load(void)
{
	struct lua_policy *lua;
	struct error err;

	if (lua_policy_new(policy, sizeof policy - 1, "fuzz.lua", 0, NULL, &lua, &err) < 0)
		abort();
	return lua;
}

static void expect_same(const struct str *written)
{
	struct lua_policy *lua = load();
	struct str again;
	struct error err;

	str_init(&again);
	if (lua_policy_state_take(lua, written->data, written->length, &err) < 0)
		abort();
	lua_policy_state_append(lua, &again);
	if (again.length != written->length ||
	    memcmp(again.data, written->data, again.length) != 0)
		abort();
	str_done(&again);
	lua_policy_free(lua);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lua_policy *lua = load();
	struct error err;
	struct str written;

	str_init(&written);
	if (lua_policy_state_take(lua, (const char *)data, size, &err) == 0) {
		lua_policy_state_append(lua, &written);
		expect_same(&written);
	}
	str_done(&written);
	lua_policy_free(lua);
	return 0;
}
