/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy's description from a process that a stranger's program ran in. What is taken must be
 * appended as bytes that are taken again and say the same. */
#include "base/str.h"
#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy, again;
	struct str bytes, twice;

	if (policy_take((const char *)data, size, &policy) < 0)
		return 0;
	str_init(&bytes);
	str_init(&twice);
	policy_append(&policy, &bytes);
	if (policy_take(bytes.data, bytes.length, &again) < 0)
		abort();
	policy_append(&again, &twice);
	if (twice.length != bytes.length || memcmp(twice.data, bytes.data, bytes.length) != 0)
		abort();
	policy_done(&policy);
	policy_done(&again);
	str_done(&bytes);
	str_done(&twice);
	return 0;
}
