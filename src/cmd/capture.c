/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce capture: this host as plain files, for --root. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/interrupt.h"
#include "cmd/verb.h"
#include "cmd/vm_select.h"
#include "model/snapshot.h"
#include "observe/capture.h"
#include "report/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct capture_settings {
	uint64_t for_usec;
	const char *vm, *with, *root;
};

static bool is_wanted(const struct vm *vm, void *context)
{
	return vm_is_selected(vm, context);
}

static void show_progress(const struct snapshot *snapshot, uint64_t left_usec)
{
	fprintf(stderr, "\rtruce capture: %zu VMs, %llu s left\033[K", snapshot->vm_count,
		(unsigned long long)((left_usec + USEC_PER_SEC - 1) / USEC_PER_SEC));
}

static void hide_progress(void)
{
	fputs("\r\033[K", stderr);
}

static void warn(const char *sentence)
{
	verb_warn(&capture_verb, "%s", sentence);
}

static void append_count(struct str *text, uint64_t count, const char *one, const char *many)
{
	str_appendf(text, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static int tell_outcome(const struct verb *verb, const char *directory, bool followed,
			const struct capture_outcome *outcome)
{
	struct str text;
	int r;

	str_init(&text);
	str_appendf(&text, "%s: ", directory);
	append_count(&text, outcome->vms, "VM", "VMs");
	if (followed) {
		str_append(&text, " at the end, ");
		append_count(&text, outcome->births, "birth and ", "births and ");
		append_count(&text, outcome->deaths, "death", "deaths");
	}
	str_append(&text, ", ");
	append_count(&text, outcome->counts.files, "file of ", "files of ");
	append_count(&text, outcome->counts.bytes, "byte", "bytes");
	str_append(&text, "\n");
	append_count(&text, outcome->counts.masked, "argument that looks", "arguments that look");
	str_append(&text, " like a secret left out; environments are never read\n");
	if (outcome->counts.refused > 0) {
		append_count(&text, outcome->counts.refused, "read was", "reads were");
		str_append(&text, " refused by the kernel, and will be in the capture too\n");
	}
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

static int capture_run(const struct verb *verb, const void *context, char **operands)
{
	const struct capture_settings *settings = context;
	char *vms[] = { (char *)settings->vm, NULL };
	bool terminal = isatty(STDERR_FILENO) != 0 && settings->for_usec != 0;
	struct capture_options options = {
		.directory = operands[0],
		.wants = settings->vm != NULL ? is_wanted : NULL,
		.wants_context = vms,
		.for_usec = settings->for_usec,
		.with_maps = settings->with != NULL,
		.progress = terminal ? show_progress : NULL,
		.warn = warn,
	};
	struct capture_outcome outcome;
	struct error err = { 0 };
	struct root *host;
	int r;

	if (*options.directory == '\0')
		return verb_misuse(verb, "\"\" is no name of a directory");
	if (settings->with != NULL && strcmp(settings->with, "maps") != 0)
		return verb_misuse(verb, "--with takes \"maps\", not \"%.40s\"", settings->with);
	if (settings->root != NULL && settings->for_usec != 0)
		return verb_misuse(verb, "a captured host is copied as it stands: --for goes without --root");
	host = settings->root != NULL ? root_captured_new(settings->root, &err) : root_live_new();
	if (host == NULL)
		return verb_fail(verb, &err);
	interrupt_catch();
	options.interrupt_fd = interrupt_fd();
	r = capture_host(host, &options, &outcome, &err);
	if (terminal)
		hide_progress();
	if (r < 0)
		return verb_fail(verb, &err);
	r = tell_outcome(verb, operands[0], settings->for_usec != 0, &outcome);
	return r == VERB_FINE && outcome.counts.refused > 0 ? VERB_PARTLY : r;
}

static const struct option_info capture_options[] = {
	OPTION_DURATION(struct capture_settings, for_usec, 0, "for", "TIME",
			"follow births and deaths of VMs that long"),
	OPTION_TEXT(struct capture_settings, vm, 0, "vm", "NAME",
		    "take this VM alone (its name, uuid, pid or id)"),
	OPTION_TEXT(struct capture_settings, with, 0, "with", "maps",
		    "read the VMs' smaps_rollup and smaps too, which takes milliseconds a VM"),
	OPTION_TEXT(struct capture_settings, root, 0, "root", "DIR",
		    "copy the captured host in DIR, not this machine"),
	OPTIONS_END,
};

const struct verb capture_verb = {
	.name = "capture",
	.operands = "DIR",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "this host as plain files in DIR, for --root",
	.notes = "DIR must not exist, or be empty. It holds what Truce reads of the kernel and nothing\n"
		 "else, as files that any tool can look at; arguments of processes that look like\n"
		 "secrets are replaced by ***. An interrupted capture leaves nothing.",
	.options = capture_options,
	.settings_size = sizeof(struct capture_settings),
	.run = capture_run,
};
