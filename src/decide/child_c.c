/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy in C as the language of a policy's process: mapped, looked at, and run by
 * libpeacemaker. */
#include "decide/child.h"

#define PEACEMAKER_LIBRARY
#include "peacemaker.h"

#include "base/error.h"
#include "base/text.h"
#include "decide/peacemaker_host.h"
#include "decide/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct about {
	unsigned abi;
	const char *source;
};

static struct policy description;

static const char *volatile last_function;
static volatile int last_line;

static void place(const char *function, int line)
{
	last_function = function;
	last_line = line;
}

static const char *where(int *ret_line)
{
	*ret_line = last_line;
	return last_function;
}

static const struct peacemaker_host host = { child_next, place };

/* foo.so, .../foo.c -> foo */
static void take_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;

	text_copy(description.name, sizeof description.name, base, strcspn(base, "."));
}

static unsigned number_of(void *program, const char *symbol, unsigned otherwise)
{
	const unsigned *number = dlsym(program, symbol);

	return number != NULL ? *number : otherwise;
}

static int check_abi(const struct about *about, const char *path, struct error *err)
{
	if (about == NULL)
		return error_set(err, -EINVAL, "%s: is no policy: it was not built against "
				 "peacemaker.h (truce policy build makes one)", path);
	if (about->abi != PEACEMAKER_ABI)
		return error_set(err, -EPROTO, "%s: was built for version %u of the interface, and "
				 "this is version %d: build it again with truce policy build",
				 path, about->abi, PEACEMAKER_ABI);
	return 0;
}

static int describe(void *program, const struct about *about, const char *path,
		    struct error *err)
{
	unsigned interval = number_of(program, "peacemaker_policy_interval_msec", 1000);
	unsigned wakes = number_of(program, "peacemaker_policy_wakes", 0);
	struct policy_rule *rule;

	policy_init(&description);
	take_name(path);
	text_copy(description.path, sizeof description.path, about->source, strlen(about->source));
	if (interval < 10 || interval > 86400000)
		return error_set(err, -EINVAL, "%s: its interval is %u ms; 10 ms to a day will do",
				 path, interval);
	if ((wakes & ~(unsigned)PEACEMAKER_WAKE_BIRTH) != 0)
		return error_set(err, -EPROTO, "%s: wants to be woken by what this version does not know "
				 "of (PEACEMAKER_WAKES %u): it was built against a newer peacemaker.h",
				 path, wakes);
	description.interval_usec = interval * 1000ull;
	description.needs = number_of(program, "peacemaker_policy_needs", 0) &
			    (POLICY_NEED_MAPS | POLICY_NEED_OWNER | POLICY_NEED_PRESSURE);
	rule = policy_add_rule(&description, PEACEMAKER_RULE, 0);
	if (rule == NULL)
		return error_set(err, -ENOMEM, "%s: no memory", path);
	rule->scope = SETTING_SCOPE_HOST;
	rule->class_index = -1;
	rule->at_birth = (wakes & PEACEMAKER_WAKE_BIRTH) != 0;
	return 0;
}

static int load(const char *bytes, size_t size, const char *path, size_t memory_bytes,
		struct str *problems, struct error *err)
{
	void *program = dlopen(sandbox_program_name(), RTLD_NOW | RTLD_LOCAL);
	int (*policy_main)(void *);
	const struct about *about;
	int r;

	if (program == NULL)
		return error_set(err, -EINVAL, "%s: cannot be mapped: %s", path, dlerror());
	about = dlsym(program, "peacemaker_policy_about");
	r = check_abi(about, path, err);
	if (r < 0)
		return r;
	*(void **)&policy_main = dlsym(program, PEACEMAKER_RULE);
	if (policy_main == NULL)
		return error_set(err, -EINVAL, "%s: has no function " PEACEMAKER_RULE, path);
	r = describe(program, about, path, err);
	if (r < 0)
		return r;
	r = peacemaker_begin(&host, &description, policy_main);
	return r < 0 ? error_errno(err, r, "%s: cannot begin", path) : 0;
}

static const struct policy *describe_again(void)
{
	return &description;
}

const struct child_language child_c = {
	load, describe_again, peacemaker_turn, peacemaker_state_append, peacemaker_state_take,
	where,
};
