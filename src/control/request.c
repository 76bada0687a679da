/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/request.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { VM = 1, SETTING = 2, VALUE = 4, PATH = 8, NAME = 16, MODE = 32, SOURCE = 64 };

/* What each takes: the keys that must be there, and those that may. */
static const struct {
	const char *name;
	unsigned needs, takes;
} dos[CONTROL_DO_COUNT] = {
	[CONTROL_STATUS] = { "status" },
	[CONTROL_VMS] = { "vms", 0, VM },
	[CONTROL_POLICY_LIST] = { "policy.list" },
	[CONTROL_POLICY_SOURCE] = { "policy.source", NAME },
	[CONTROL_METRICS] = { "metrics" },
	[CONTROL_LOG_FOLLOW] = { "log.follow" },
	[CONTROL_POLICY_LOAD] = { "policy.load", PATH, SOURCE },
	[CONTROL_POLICY_UNLOAD] = { "policy.unload", NAME },
	[CONTROL_RELOAD] = { "reload" },
	[CONTROL_SET] = { "set", VM | SETTING | VALUE },
	[CONTROL_LET_GO] = { "let-go", VM | SETTING },
	[CONTROL_PAUSE] = { "pause", VM },
	[CONTROL_RESUME] = { "resume", VM },
	[CONTROL_UNDO] = { "undo", VM, SETTING },
	[CONTROL_MODE] = { "mode", MODE },
	[CONTROL_LOOK] = { "look" },
};

static const struct key {
	const char *name;
	unsigned flag;
	size_t offset;
	size_t most;
} keys[] = {
	{ "vm", VM, offsetof(struct control_request, vm), 256 },
	{ "setting", SETTING, offsetof(struct control_request, setting), 64 },
	{ "value", VALUE, offsetof(struct control_request, value), 191 },
	{ "path", PATH, offsetof(struct control_request, path), 4095 },
	{ "name", NAME, offsetof(struct control_request, name), 255 },
	{ "mode", MODE, offsetof(struct control_request, mode), 16 },
	{ "source", SOURCE, offsetof(struct control_request, source), 1u << 20 },
};

bool control_do_changes(enum control_do what)
{
	return what >= CONTROL_POLICY_LOAD;
}

const char *control_do_name(enum control_do what)
{
	return what < CONTROL_DO_COUNT ? dos[what].name : "?";
}

static int find_do(const json_t *json, enum control_do *ret, struct error *err)
{
	const char *name = json_string_value(json_object_get(json, "do"));
	struct str safe;
	size_t i;

	if (name == NULL)
		return error_set(err, -EINVAL, "the request has no \"do\" that is a text");
	for (i = 0; i < CONTROL_DO_COUNT; i++) {
		if (strcmp(dos[i].name, name) == 0) {
			*ret = (enum control_do)i;
			return 0;
		}
	}
	str_init(&safe);
	text_append_safe(&safe, name, strnlen(name, 64));
	error_set(err, -EINVAL, "truced does not know how to do \"%s\"", safe.data != NULL ? safe.data : "");
	str_done(&safe);
	return -EINVAL;
}

static int take_key(struct control_request *request, const struct key *key, struct error *err)
{
	const json_t *value = json_object_get(request->json, key->name);
	const char **slot = (const char **)((char *)request + key->offset);
	unsigned needs = dos[request->what].needs, takes = needs | dos[request->what].takes;

	if (value == NULL || json_is_null(value) || (takes & key->flag) == 0) {
		if ((needs & key->flag) == 0)
			return 0;
		return error_set(err, -EINVAL, "\"%s\" needs \"%s\"", dos[request->what].name, key->name);
	}
	if (!json_is_string(value))
		return error_set(err, -EINVAL, "\"%s\" must be a text", key->name);
	if (json_string_length(value) > key->most || json_string_length(value) == 0)
		return error_set(err, -EINVAL, "\"%s\" must have 1 to %zu bytes", key->name, key->most);
	*slot = json_string_value(value);
	return 0;
}

static int take_rest(struct control_request *request, struct error *err)
{
	const json_t *keep = json_object_get(request->json, "keep");
	const json_t *until = json_object_get(request->json, "until_usec");

	if (keep != NULL && !json_is_boolean(keep))
		return error_set(err, -EINVAL, "\"keep\" must be true or false");
	if (until != NULL && (!json_is_integer(until) || json_integer_value(until) < 0))
		return error_set(err, -EINVAL, "\"until_usec\" must be a time, microseconds since 1970");
	request->keep = json_is_true(keep);
	request->has_until = until != NULL;
	request->until_usec = until != NULL ? (uint64_t)json_integer_value(until) : 0;
	return 0;
}

static int take_all(struct control_request *request, struct error *err)
{
	size_t i;
	int r = find_do(request->json, &request->what, err);

	for (i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = take_key(request, &keys[i], err);
	return r == 0 ? take_rest(request, err) : r;
}

int control_request_parse(const char *line, size_t size, struct control_request *ret,
			  struct error *err)
{
	json_error_t trouble;
	int r;

	memset(ret, 0, sizeof *ret);
	ret->json = json_loadb(line, size, JSON_REJECT_DUPLICATES, &trouble);
	if (!json_is_object(ret->json)) {
		r = error_set(err, -EINVAL, "the request is no JSON object%s%s",
			      ret->json == NULL ? ": " : "", ret->json == NULL ? trouble.text : "");
	} else {
		r = take_all(ret, err);
	}
	if (r < 0)
		control_request_done(ret);
	return r;
}

void control_request_done(struct control_request *request)
{
	json_decref(request->json);
	memset(request, 0, sizeof *request);
}
