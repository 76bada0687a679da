/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce policy load and unload: which policies a running truced follows. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/policy.h"
#include "cmd/truced.h"
#include "cmd/verb.h"
#include "decide/source.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct load_settings {
	bool keep;
};

struct unload_settings {
	bool dry_run;
};

/* Lua goes over as text: truced need not be able to read the file. */
static json_t *lua_request(const char *path, bool keep, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	json_t *request, *text;
	size_t size;

	if (source_read(path, &bytes, &size, err) < 0)
		return NULL;
	text = json_stringn(bytes, size);
	if (text == NULL) {
		error_set(err, -EINVAL, "%.200s: it is no UTF-8 text", path);
		return NULL;
	}
	request = json_pack("{s:s, s:o, s:b}", "do", "policy.load", "source", text, "keep", (int)keep);
	if (request == NULL)
		error_set(err, -ENOMEM, "out of memory");
	return request;
}

static json_t *c_request(bool keep, struct error *err)
{
	json_t *request = json_pack("{s:s, s:b}", "do", "policy.load", "keep", (int)keep);

	if (request == NULL)
		error_set(err, -ENOMEM, "out of memory");
	return request;
}

/* The place where the file is for truced as well, whatever directory it works in. */
static json_t *load_request(const char *path, bool keep, struct error *err)
{
	CLEANUP_FREE char *whole = realpath(path, NULL);
	json_t *request = NULL;

	if (whole == NULL) {
		error_errno(err, -errno, "%.200s", path);
		return NULL;
	}
	if (text_ends_with(path, ".c"))
		error_set(err, -EINVAL, "%.200s is source: truce policy build makes a .so of it", path);
	else if (text_ends_with(path, ".so"))
		request = c_request(keep, err);
	else if (text_ends_with(path, ".lua"))
		request = lua_request(path, keep, err);
	else
		error_set(err, -EINVAL, "%.200s: a policy's name ends in .lua, or in .so when it was made "
			  "by truce policy build", path);
	if (request != NULL && json_object_set_new(request, "path", json_string(whole)) < 0) {
		json_decref(request);
		error_set(err, -EINVAL, "its path is no UTF-8 text");
		return NULL;
	}
	return request;
}

static int tell_loaded(const struct verb *verb, const json_t *answer, bool keep)
{
	struct str text;
	json_t *warning;
	size_t i;
	int r;

	json_array_foreach(json_object_get(answer, "warnings"), i, warning)
		verb_warn(verb, "warning: %s", json_string_value(warning));
	str_init(&text);
	truced_append(&text, answer, "name");
	str_append(&text, truced_flag(answer, "replaced") ? " loaded, in the place of the one before"
							  : " loaded");
	str_append(&text, keep ? ", and again at every start of truced\n"
			       : ", until truce policy unload or the next boot; --keep makes it stay\n");
	truced_append_restraint(&text);
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

/* Its file is there for us: under systemd truced has a /tmp of its own. */
static void explain_absence(const char *path, struct error *err)
{
	CLEANUP_FREE char *whole = realpath(path, NULL);
	const struct error said = *err;

	if (whole != NULL && text_ends_with(whole, ".so") && strstr(said.text, "No such file") != NULL &&
	    (strncmp(whole, "/tmp/", 5) == 0 || strncmp(whole, "/var/tmp/", 9) == 0))
		error_set(err, said.code, "%s: truced has a /tmp of its own under systemd; put the file "
			  "elsewhere", said.text);
}

static int load_run(const struct verb *verb, const void *settings_given, char **operands)
{
	const struct load_settings *settings = settings_given;
	struct error err = { 0 };
	json_t *request = load_request(operands[0], settings->keep, &err), *answer;
	int r;

	if (request == NULL)
		return verb_fail(verb, &err);
	answer = truced_ask(request, &err);
	if (answer == NULL) {
		explain_absence(operands[0], &err);
		return verb_fail(verb, &err);
	}
	r = tell_loaded(verb, answer, settings->keep);
	json_decref(answer);
	return r;
}

/* Everything that is set for this policy, whether or not another one wants it too. */
static int tell_settings(const struct verb *verb, const char *name)
{
	struct error err = { 0 };
	json_t *answer = truced_ask_about("vms", NULL, NULL, &err), *vm, *setting;
	struct str text;
	size_t i, j;
	int r;

	if (answer == NULL)
		return verb_fail(verb, &err);
	str_init(&text);
	json_array_foreach(json_object_get(answer, "vms"), i, vm) {
		json_array_foreach(json_object_get(vm, "settings"), j, setting) {
			if (strcmp(truced_text(setting, "policy"), name) != 0)
				continue;
			truced_append(&text, vm, *truced_text(vm, "name") != '\0' ? "name" : "id");
			str_append(&text, ": ");
			truced_append(&text, setting, "setting");
			str_append_char(&text, ' ');
			truced_append(&text, setting, "value");
			str_append_char(&text, '\n');
		}
	}
	if (text.length == 0)
		str_append(&text, "nothing is set for that policy\n");
	r = verb_print(verb, &text);
	str_done(&text);
	json_decref(answer);
	return r;
}

static int unload(const struct verb *verb, char **operands)
{
	struct error err = { 0 };
	json_t *answer = truced_ask_about("policy.unload", "name", operands[0], &err);
	struct str text;
	int r;

	if (answer == NULL)
		return verb_fail(verb, &err);
	json_decref(answer);
	str_init(&text);
	str_append(&text, "unloaded: what only this policy wanted is given back\n");
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

static int unload_run(const struct verb *verb, const void *settings_given, char **operands)
{
	const struct unload_settings *settings = settings_given;

	return settings->dry_run ? tell_settings(verb, operands[0]) : unload(verb, operands);
}

static const struct option_info load_options[] = {
	OPTION_FLAG(struct load_settings, keep, 0, "keep", "also after the next boot, by policies.d"),
	OPTIONS_END,
};

const struct verb policy_load_verb = {
	.name = "policy load",
	.operands = "FILE",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "let truced follow a policy; one of the same name is replaced",
	.notes = "FILE ends in .lua, or in .so where truce policy build made it. truced checks it first:\n"
		 "a bad one is refused with its line, and what was loaded stays. Warnings do not refuse\n"
		 "it. truce policy check says the same beforehand; truce policy replay says what it would\n"
		 "have done to a recording.",
	.options = load_options,
	.settings_size = sizeof(struct load_settings),
	.run = load_run,
};

static const struct option_info unload_options[] = {
	OPTION_FLAG(struct unload_settings, dry_run, 'n', "dry-run",
		    "say what is set for it; unload nothing"),
	OPTIONS_END,
};

const struct verb policy_unload_verb = {
	.name = "policy unload",
	.operands = "NAME",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "let truced follow a policy no more, and give back what only it wanted",
	.notes = "NAME is the policy's, as truce policy show lists it.",
	.options = unload_options,
	.settings_size = sizeof(struct unload_settings),
	.run = unload_run,
};
