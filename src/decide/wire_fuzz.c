/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy's process may say, if it is hostile. The first byte chooses the frame's kind. */
#include "base/error.h"
#include "decide/wire.h"

#include <stdlib.h>
#include <string.h>

static void try_problems(const char *bytes, size_t size)
{
	struct str lines;

	str_init(&lines);
	wire_take_problems(bytes, size, &lines);
	str_done(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const struct request *request, const struct wire_world *world)
{
	bool host = setting_info[request->setting].scope == SETTING_SCOPE_HOST;

	if (host != (request->vm.pid == 0))
		abort();
	if (memchr(request->cause.because, '\0', sizeof request->cause.because) == NULL ||
	    memchr(request->value.text, '\0', sizeof request->value.text) == NULL)
		abort();
	if (!request->release && setting_info[request->setting].unit != SETTING_UNIT_TEXT &&
	    setting_check(request->setting, request->value.number, NULL) < 0)
		abort();
	if (strcmp(request->cause.policy, world->policy->name) != 0)
		abort();
}

static void try_decision(const char *bytes, size_t size)
{
	const struct vm_identity vms[] = { { 10, 0, 5 }, { 11, 0, 6 }, { 11, 1, 6 } };
	struct wire_decision decision;
	struct wire_world world = { .vms = vms, .vm_count = 3 };
	struct policy policy;
	struct error err;
	size_t i;

	policy_init(&policy);
	strcpy(policy.name, "gold");
	if (policy_add_rule(&policy, "calm", 3) == NULL)
		abort();
	world.policy = &policy;
	wire_decision_init(&decision);
	if (wire_take_decision(bytes, size, &world, &decision, &err) == 0)
		for (i = 0; i < decision.request_count; i++)
			check_request(&decision.requests[i], &world);
	wire_decision_done(&decision);
	policy_done(&policy);
}

static void try_loaded(const char *bytes, size_t size)
{
	struct policy policy;

	if (policy_take(bytes, size, &policy) == 0)
		policy_done(&policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char sentence[WIRE_SENTENCE_SIZE];
	const char *bytes = (const char *)data + 1;

	if (size < 1)
		return 0;
	if (data[0] == 'L')
		try_loaded(bytes, size - 1);
	else if (data[0] == 'S')
		wire_take_sentence(bytes, size - 1, sentence);
	else if (data[0] == 'P')
		try_problems(bytes, size - 1);
	else
		try_decision(bytes, size - 1);
	return 0;
}
