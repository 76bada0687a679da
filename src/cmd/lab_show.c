/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce lab show: what an experiment found, on the terminal, as JSON, or as a page with plots. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/lab.h"
#include "cmd/lab_source.h"
#include "cmd/verb.h"
#include "lab/result/result_json.h"
#include "lab/result/result_text.h"

#include <sys/ioctl.h>
#include <unistd.h>

struct lab_show_settings {
	bool json;
	const char *report;
};

static const struct option_info options[] = {
	OPTION_TEXT(struct lab_show_settings, report, 0, "report", "DIR",
		    "write DIR/report.html, and each plot's numbers, script and picture beside it"),
	OPTION_JSON(struct lab_show_settings, json),
	OPTIONS_END,
};

/* As wide as the terminal; a pipe gets lines as long as they are. */
static size_t width_of_terminal(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 0;
}

static int write_report(const struct verb *verb, const struct lab_source *source,
			const char *directory)
{
	CLEANUP_FREE char *undrawn = NULL;
	struct error err = { 0 };

	if (lab_source_write_report(source, directory, &undrawn, &err) < 0)
		return verb_fail(verb, &err);
	if (undrawn != NULL)
		verb_warn(verb, "%s", undrawn);
	printf("%s/report.html\n", directory);
	return VERB_FINE;
}

static int lab_show_run(const struct verb *verb, const void *pointer, char **operands)
{
	const struct lab_show_settings *settings = pointer;
	struct lab_source source;
	struct error err = { 0 };
	struct str text;
	int code;

	if (settings->json && settings->report != NULL)
		return verb_misuse(verb, "--json and --report do not go together");
	if (lab_source_read(operands[0], &source, &err) < 0)
		return verb_fail(verb, &err);
	str_init(&text);
	if (settings->report != NULL) {
		code = write_report(verb, &source, settings->report);
	} else {
		if (settings->json)
			result_append_json(source.result, &text);
		else
			result_append_text(source.result, width_of_terminal(), &text);
		code = verb_print(verb, &text);
	}
	str_done(&text);
	lab_source_done(&source);
	return code;
}

const struct verb lab_show_verb = {
	.name = "lab show",
	.operands = "EXPERIMENT",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "what an experiment found, and how surely",
	.notes = "EXPERIMENT is the name of one that was run here, its newest run; NAME:ID is an earlier run,\n"
		 "as truce lab list tells them; FILE.sqlite is a file from elsewhere. Everything is computed\n"
		 "from the raw figures each time: the same file gives the same bytes.",
	.options = options,
	.settings_size = sizeof(struct lab_show_settings),
	.run = lab_show_run,
};
