/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce policy check: what is wrong with a policy, and what it would come to on this host. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/policy.h"
#include "cmd/policy_finding.h"
#include "cmd/policy_running.h"
#include "cmd/source.h"
#include "cmd/verb.h"
#include "cmd/warnings.h"
#include "decide/check.h"
#include "decide/decider.h"
#include "decide/source.h"
#include "model/snapshot.h"
#include "report/json.h"
#include "report/units.h"
#include "report/vm_column.h"

#include <errno.h>
#include <string.h>

/* A line that a person reads; JSON has all of them. */
#define MEMBERS_SHOWN 8

#define CHECK_SCHEMA "truce.policy-check/1"

struct check_settings {
	bool json;
	const char *root, *replay;
};

struct checking {
	const struct verb *verb;
	const struct check_settings *settings;
	const char *path;
	char *source;                    /* NULL: a policy in C has no lines */
	struct decider *decider;         /* NULL: it could not be loaded, and `refusal` says why */
	struct error refusal;            /* told where `check` has not got it with the others */
	struct source *host;             /* NULL: could not be looked at */
	const struct snapshot *snapshot;
	struct running *running;         /* NULL: none, or another host than this one is looked at */
	struct check check;
	struct str text;
	struct json json;                /* into text */
};

/* -- the host ---------------------------------------------------------------------------------- */

/* Of a recording its last moment: the VMs that there were in the end. */
static int look(struct checking *checking, struct error *err)
{
	const struct source_spec spec = { .root = checking->settings->root,
					  .replay = checking->settings->replay, .once = true };
	uint64_t first, last;
	int r = source_open(&spec, &checking->host, err);

	if (r == 0 && source_span(checking->host, &first, &last))
		r = source_seek(checking->host, last, err);
	if (r >= 0)
		r = source_next(checking->host, &checking->snapshot, err);
	if (r == 0)
		return error_set(err, -ENODATA, "there is no snapshot in it");
	return r < 0 ? r : 0;
}

/* Without a look the policy is still checked by itself; who named a host wants that one. */
static int look_or_warn(struct checking *checking)
{
	struct error err = { 0 };

	if (look(checking, &err) >= 0) {
		warnings_tell(checking->verb, checking->host);
		return VERB_FINE;
	}
	checking->snapshot = NULL;
	if (checking->settings->root != NULL || checking->settings->replay != NULL)
		return verb_fail(checking->verb, &err);
	verb_warn(checking->verb, "%s; so the policy is checked by itself alone", err.text);
	return VERB_FINE;
}

/* What runs here says nothing of another host. */
static void ask_what_runs(struct checking *checking)
{
	struct error err = { 0 };

	if (checking->settings->root != NULL || checking->settings->replay != NULL)
		return;
	if (running_new(&checking->running, &err) < 0)
		verb_warn(checking->verb, "what truced runs is not counted: %s", err.text);
	else if (running_missing(checking->running)[0] != '\0')
		verb_warn(checking->verb, "%s", running_missing(checking->running));
}

/* -- findings ---------------------------------------------------------------------------------- */

static bool has_errors(const struct check *check)
{
	size_t i;

	for (i = 0; i < check->count; i++)
		if (check->findings[i].refused)
			return true;
	return false;
}

static bool is_good(const struct checking *checking)
{
	return checking->decider != NULL && !has_errors(&checking->check);
}

static void each_finding(struct checking *checking,
			 void (*tell)(struct checking *checking, const struct finding *finding))
{
	struct finding finding;
	size_t i;

	if (checking->decider == NULL && !has_errors(&checking->check)) {
		finding = finding_of_error(checking->path, checking->refusal.text);
		tell(checking, &finding);
	}
	for (i = 0; i < checking->check.count; i++) {
		const struct check_finding *found = &checking->check.findings[i];

		finding = (struct finding){ found->refused, found->line, found->text };
		tell(checking, &finding);
	}
}

/* -- text -------------------------------------------------------------------------------------- */

static void tell_text(struct checking *checking, const struct finding *finding)
{
	finding_append(&checking->text, checking->path, checking->source, finding);
}

/* The VMs of a class, the first of them by name; how many. */
static size_t append_members(const struct checking *checking, int class, struct str *str)
{
	const struct policy *policy = decider_policy(checking->decider);
	size_t i, count = 0;

	for (i = 0; i < checking->snapshot->vm_count; i++) {
		const struct vm *vm = checking->snapshot->vms[i];

		if (policy_classify(policy, vm) != class)
			continue;
		if (++count > MEMBERS_SHOWN)
			continue;
		str_append(str, count > 1 ? ", " : "");
		vm_append_name(vm, str);
	}
	if (count > MEMBERS_SHOWN)
		str_appendf(str, " and %zu more", count - MEMBERS_SHOWN);
	return count;
}

static void append_class(struct checking *checking, int class, const char *name)
{
	struct str members;
	size_t count;

	str_init(&members);
	count = append_members(checking, class, &members);
	if (count > 0 || class >= 0) {
		str_append(&checking->text, "  ");
		text_append_safe(&checking->text, name, strlen(name));
		str_appendf(&checking->text, ": %zu VM%s%s%s\n", count, count == 1 ? "" : "s",
			    count > 0 ? ": " : "", count > 0 ? members.data : "");
	}
	str_done(&members);
}

/* What it is, and who would be under it here. */
static void append_summary(struct checking *checking)
{
	const struct policy *policy = decider_policy(checking->decider);
	size_t i;

	text_append_safe(&checking->text, policy->name, strlen(policy->name));
	str_appendf(&checking->text, ": %zu class%s, %zu rule%s, every ", policy->class_count,
		    policy->class_count == 1 ? "" : "es", policy->rule_count,
		    policy->rule_count == 1 ? "" : "s");
	units_append_duration(&checking->text, (double)policy->interval_usec);
	str_append_char(&checking->text, '\n');
	if (checking->snapshot == NULL)
		return;
	if (checking->snapshot->vm_count == 0)
		str_append(&checking->text, "  no VM runs there: truce policy check --replay RECORDING tells "
			   "who would be in which class\n");
	for (i = 0; checking->snapshot->vm_count > 0 && i < policy->class_count; i++)
		append_class(checking, (int)i, policy->classes[i].name);
	append_class(checking, -1, "in no class");
}

static void append_verdict(struct checking *checking)
{
	size_t i, errors = checking->decider == NULL, warnings = 0;

	for (i = 0; i < checking->check.count; i++) {
		errors += checking->check.findings[i].refused;
		warnings += !checking->check.findings[i].refused;
	}
	if (errors > 0)
		str_append(&checking->text, "not good: truced would refuse it");
	else
		str_append(&checking->text, "good");
	if (warnings > 0)
		str_appendf(&checking->text, ", %zu warning%s", warnings, warnings == 1 ? "" : "s");
	str_append_char(&checking->text, '\n');
}

/* -- JSON -------------------------------------------------------------------------------------- */

static void tell_json(struct checking *checking, const struct finding *finding)
{
	finding_append_json(&checking->json, checking->path, checking->source, finding);
}

static void put_members(struct json *json, const struct checking *checking, int class)
{
	const struct policy *policy = decider_policy(checking->decider);
	size_t i;

	json_key(json, "vms");
	if (checking->snapshot == NULL) {
		json_nothing(json);
		return;
	}
	json_array_begin(json);
	for (i = 0; i < checking->snapshot->vm_count; i++) {
		const struct vm *vm = checking->snapshot->vms[i];
		char id[VM_ID_SIZE];

		if (policy_classify(policy, vm) != class)
			continue;
		vm_identity_format(&vm->identity, id);
		json_object_begin(json);
		json_key(json, "id");
		json_text(json, id);
		json_key(json, "name");
		json_text(json, vm->text[VM_TEXT_NAME]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_policy(struct json *json, const struct checking *checking)
{
	const struct policy *policy = decider_policy(checking->decider);
	size_t i;

	json_key(json, "name");
	json_text(json, policy->name);
	json_key(json, "interval_usec");
	json_uint(json, policy->interval_usec);
	json_key(json, "rules");
	json_uint(json, policy->rule_count);
	json_key(json, "classes");
	json_array_begin(json);
	for (i = 0; i < policy->class_count; i++) {
		json_object_begin(json);
		json_key(json, "name");
		json_text(json, policy->classes[i].name);
		json_key(json, "line");
		json_int(json, policy->classes[i].line);
		put_members(json, checking, (int)i);
		json_object_end(json);
	}
	json_array_end(json);
}

static void append_json(struct checking *checking)
{
	struct json *json = &checking->json;

	json_begin(json, &checking->text);
	json_object_begin(json);
	json_key(json, "schema");
	json_text(json, CHECK_SCHEMA);
	json_key(json, "path");
	json_text(json, checking->path);
	json_key(json, "good");
	json_bool(json, is_good(checking));
	json_key(json, "policy");
	if (checking->decider != NULL) {
		json_object_begin(json);
		put_policy(json, checking);
		json_object_end(json);
	} else {
		json_nothing(json);
	}
	json_key(json, "findings");
	json_array_begin(json);
	each_finding(checking, tell_json);
	json_array_end(json);
	json_object_end(json);
	str_append_char(&checking->text, '\n');
}

/* -- all --------------------------------------------------------------------------------------- */

/* No memory, no process, no truce-decide: that says nothing of the policy. */
static bool is_our_fault(int code)
{
	return code == -ENOMEM || code == -ENOENT || code == -EACCES || code == -EMFILE ||
	       code == -ENFILE || code == -EAGAIN;
}

/* Everything that is wrong, not the first of it alone. */
static int take_problems(struct checking *checking, struct str *problems)
{
	char *rest = problems->data, *line;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n")) != NULL) {
		struct finding finding = finding_of_problem(checking->path, line);

		if (*line != '\0')
			r = check_add(&checking->check, finding.is_error, finding.line, finding.text);
	}
	return r;
}

static int make_decider(struct checking *checking, struct error *err)
{
	struct str problems;
	const struct decider_options options = { .problems = &problems };
	int r;

	str_init(&problems);
	r = decider_new(checking->path, &options, &checking->decider, &checking->refusal);
	if (is_our_fault(r))
		*err = checking->refusal;
	else
		r = take_problems(checking, &problems);
	str_done(&problems);
	return r;
}

static int load(struct checking *checking, struct error *err)
{
	size_t size;
	int r = source_read(checking->path, &checking->source, &size, err);

	if (r == 0)
		r = make_decider(checking, err);
	if (r < 0)
		return r;
	if (text_ends_with(checking->path, ".so")) {
		free(checking->source);
		checking->source = NULL;
	}
	return 0;
}

static int print(struct checking *checking)
{
	int r;

	if (checking->settings->json) {
		append_json(checking);
	} else {
		each_finding(checking, tell_text);
		if (checking->decider != NULL)
			append_summary(checking);
		append_verdict(checking);
	}
	r = verb_print(checking->verb, &checking->text);
	return r == VERB_FINE && !is_good(checking) ? VERB_FAILED : r;
}

static int check_all(struct checking *checking)
{
	struct error err = { 0 };
	int r;

	if (load(checking, &err) < 0)
		return verb_fail(checking->verb, &err);
	if (checking->decider != NULL) {
		r = look_or_warn(checking);
		if (r != VERB_FINE)
			return r;
		ask_what_runs(checking);
		if (check_policy(&checking->check, decider_policy(checking->decider),
				 running_arbiter(checking->running), checking->snapshot) < 0) {
			error_set(&err, -ENOMEM, "out of memory");
			return verb_fail(checking->verb, &err);
		}
	}
	return print(checking);
}

static int check_run(const struct verb *verb, const void *settings, char **operands)
{
	struct checking checking = { .verb = verb, .settings = settings, .path = operands[0] };
	int r;

	check_init(&checking.check);
	str_init(&checking.text);
	r = check_all(&checking);
	str_done(&checking.text);
	check_done(&checking.check);
	if (checking.host != NULL)
		source_close(checking.host);
	running_free(checking.running);
	decider_free(checking.decider);
	free(checking.source);
	return r;
}

static const struct option_info check_options[] = {
	OPTION_JSON(struct check_settings, json),
	OPTION_ROOT(struct check_settings, root),
	OPTION_REPLAY(struct check_settings, replay),
	OPTIONS_END,
};

const struct verb policy_check_verb = {
	.name = "policy check",
	.operands = "FILE",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "what is wrong with a policy, and what it would come to on this host",
	.notes = "An error is what truced would refuse it for, with the line and what is wrong in it. A\n"
		 "warning is what its author hardly meant: a class that nobody is in, two that take one VM,\n"
		 "a setting that this host cannot do. Then come its classes and the VMs that are in each.\n"
		 "It is loaded as truced does it: in a process of its own without privileges. Where truced\n"
		 "runs, what its other policies promise is counted too.\n"
		 "\n"
		 "The exit status is 1 where truced would refuse it, and 0 also where there are warnings.",
	.options = check_options,
	.settings_size = sizeof(struct check_settings),
	.run = check_run,
};
