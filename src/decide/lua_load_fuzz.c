/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a policy: it is refused with a sentence, or it takes turns, and its description
 * crosses to the daemon. */
#include "decide/lua_trial.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_description(const struct policy *policy)
{
	struct policy again;
	struct str bytes;

	str_init(&bytes);
	policy_append(policy, &bytes);
	if (policy_take(bytes.data, bytes.length, &again) < 0)
		abort();
	policy_done(&again);
	str_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lua_trial trial;
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (lua_trial_begin(&trial, 3, text) == 0) {
		expect_description(lua_policy_description(trial.lua));
		lua_trial_tick(&trial);
		lua_trial_tick(&trial);
	} else if (trial.err.text[0] == '\0') {
		abort();
	}
	lua_trial_end(&trial);
	free(text);
	return 0;
}
