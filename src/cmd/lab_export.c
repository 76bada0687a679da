/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce lab export: everything of an experiment, for a stranger to look at, check and cite. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "base/version.h"
#include "cmd/lab.h"
#include "cmd/lab_source.h"
#include "cmd/verb.h"
#include "lab/result/answer.h"
#include "lab/result/raw.h"
#include "lab/result/result_json.h"
#include "lab/result/result_page.h"
#include "lab/store/store_read.h"
#include "report/json.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

struct lab_export_settings {
	bool unused;
};

static const struct option_info options[] = {
	OPTIONS_END,
};

struct exporter {
	const struct verb *verb;
	const struct lab_source *source;
	const char *directory;
};

/* -- files of one text ------------------------------------------------------------------------------- */

static int path_of(const struct exporter *exporter, const char *name, char path[PATH_MAX],
		   struct error *err)
{
	if (snprintf(path, PATH_MAX, "%s/%s", exporter->directory, name) >= PATH_MAX)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", exporter->directory);
	return 0;
}

static int write_text(const struct exporter *exporter, const char *name, const struct str *text,
		      mode_t mode, struct error *err)
{
	char path[PATH_MAX];
	int r = path_of(exporter, name, path, err);

	if (r == 0 && text->failed)
		r = error_errno(err, -ENOMEM, "%s", path);
	return r == 0 ? keep_file_write(path, text->data, text->length, mode, err) : r;
}

static void append_quoted(struct str *out, const char *text)
{
	struct json json;

	json_begin(&json, out);
	json_text(&json, text);
}

/* Names of people are theirs to add. */
static void append_citation(const struct exporter *exporter, struct str *out)
{
	const struct stored_experiment *experiment = exporter->source->experiment;
	size_t at;

	str_append(out, "cff-version: 1.2.0\n"
		   "message: \"If you use these data, please cite them as below.\"\n"
		   "type: dataset\ntitle: ");
	append_quoted(out, experiment->name);
	str_append(out, "\nabstract: ");
	append_quoted(out, experiment->asks);
	str_append(out, "\nauthors:\n  - name: \"the people who measured this\"\ndate-released: ");
	at = out->length;
	json_append_time(out, (uint64_t)experiment->started_usec);
	if (out->length > at + 10)
		str_resize(out, at + 10);
	str_append(out, "\nkeywords:\n  - virtual machines\n  - performance isolation\n"
		   "references:\n  - type: software\n    title: Truce\n    version: ");
	append_quoted(out, experiment->version);
	str_append(out, "\n    authors:\n      - name: \"the Truce project\"\n");
}

static void append_versions(const struct exporter *exporter, struct str *out)
{
	const struct stored_experiment *experiment = exporter->source->experiment;
	struct json json;

	json_begin(&json, out);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.lab-export/1");
	json_key(&json, "name");
	json_text(&json, experiment->name);
	json_key(&json, "id");
	json_int(&json, experiment->id);
	json_key(&json, "seed");
	json_uint(&json, experiment->seed);
	json_key(&json, "quick");
	json_bool(&json, experiment->quick);
	json_key(&json, "measured_with");
	json_text(&json, experiment->version);
	json_key(&json, "exported_with");
	json_text(&json, version_text);
	json_key(&json, "platform");
	json_text(&json, experiment->platform);
	json_key(&json, "scaled");
	json_text(&json, experiment->scaled);
	json_key(&json, "host");
	json_text(&json, experiment->host);
	json_object_end(&json);
	str_append_char(out, '\n');
}

/* Comments and markup of a stranger must not run in a shell or end up as a heading: texts stand
 * in the other files. */
static const char readme[] =
	"# What is here\n\n"
	"An experiment on virtual machines, whole: what was asked, every raw figure, what was computed\n"
	"from them, and what it takes to do both again.\n\n"
	"- report.html: the report; it opens without a network.\n"
	"- report.json: its figures.\n"
	"- experiment.lua: the experiment as it was run. `truce lab run experiment.lua --seed SEED` (and\n"
	"  --quick where versions.json says so) measures it again; the seed is in versions.json.\n"
	"- results.sqlite: all raw figures, as truce keeps them. `./repeat` makes report.html, report.json\n"
	"  and every plot from it again, and compares them byte for byte.\n"
	"- cells.tsv, boots.tsv, runs.tsv, members.tsv, intervals.tsv, samples.tsv: the same raw figures as\n"
	"  text. Times are nanoseconds since the run's start, by the host's clock; VM 1 is the one that is\n"
	"  measured. A sample's value holds until the next one of the same source and figure. The latency of\n"
	"  an interval is BUCKET:COUNT pairs: up to 31 a bucket is a nanosecond; above that each doubling has\n"
	"  16 buckets.\n"
	"- NAME.tsv, NAME.gp, NAME.svg: the numbers of each plot, the gnuplot script that draws it, and the\n"
	"  plot. `./redraw` draws all of them again, and compares them byte for byte.\n"
	"- versions.json: seed, versions, and the host.\n"
	"- CITATION.cff: how to cite this; put your names in.\n";

static const char redraw[] =
	"#!/bin/sh\n"
	"# Draws each plot again from its numbers and its script, and compares it with the one that is here.\n"
	"cd \"$(dirname \"$0\")\" || exit 1\n"
	"again=$(mktemp -d) || exit 1\n"
	"trap 'rm -rf \"$again\"' EXIT\n"
	"differ=0\n"
	"for script in *.gp; do\n"
	"\t[ -e \"$script\" ] || continue\n"
	"\tname=${script%.gp}\n"
	"\tcp \"$script\" \"$name.tsv\" \"$again\"\n"
	"\t(cd \"$again\" && gnuplot -d \"$script\") || exit 1\n"
	"\tcmp \"$again/$name.svg\" \"$name.svg\" || differ=1\n"
	"done\n"
	"exit $differ\n";

static const char repeat[] =
	"#!/bin/sh\n"
	"# Computes the report again from the raw figures, and compares it with the one that is here.\n"
	"cd \"$(dirname \"$0\")\" || exit 1\n"
	"again=$(mktemp -d) || exit 1\n"
	"trap 'rm -rf \"$again\"' EXIT\n"
	"truce=${TRUCE:-truce}\n"
	"now=$(\"$truce\" --version) || exit 1\n"
	"grep -qF \"\\\"exported_with\\\":\\\"${now#truce }\\\"\" versions.json ||\n"
	"\techo \"this is $now; exported_with in versions.json is another: the page at least will say so\"\n"
	"\"$truce\" lab show ./results.sqlite --report \"$again\" >/dev/null || exit 1\n"
	"\"$truce\" lab show ./results.sqlite --json >\"$again/report.json\" || exit 1\n"
	"differ=0\n"
	"for file in \"$again\"/*; do\n"
	"\tcmp \"$file\" \"$(basename \"$file\")\" || differ=1\n"
	"done\n"
	"exit $differ\n";

static int write_texts(const struct exporter *exporter, struct error *err)
{
	struct {
		const char *name, *fixed;
		void (*append)(const struct exporter *exporter, struct str *out);
		mode_t mode;
	} const files[] = {
		{ "README.md", readme, NULL, 0644 },
		{ "redraw", redraw, NULL, 0755 },
		{ "repeat", repeat, NULL, 0755 },
		{ "experiment.lua", exporter->source->experiment->spec, NULL, 0644 },
		{ "CITATION.cff", NULL, append_citation, 0644 },
		{ "versions.json", NULL, append_versions, 0644 },
	};
	struct str text;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ARRAY_SIZE(files); i++) {
		str_init(&text);
		if (files[i].fixed != NULL)
			str_append(&text, files[i].fixed);
		else
			files[i].append(exporter, &text);
		r = write_text(exporter, files[i].name, &text, files[i].mode, err);
		str_done(&text);
	}
	return r;
}

static int write_json(const struct exporter *exporter, struct error *err)
{
	struct str text;
	int r;

	str_init(&text);
	result_append_json(exporter->source->result, &text);
	r = write_text(exporter, "report.json", &text, 0644, err);
	str_done(&text);
	return r;
}

static int write_all(const struct exporter *exporter, struct error *err)
{
	CLEANUP_FREE char *undrawn = NULL;
	char path[PATH_MAX];
	int r = path_of(exporter, "results.sqlite", path, err);

	if (r == 0)
		r = store_copy(exporter->source->store, exporter->source->experiment->id, path, err);
	if (r == 0)
		r = raw_write(exporter->source->result, exporter->directory, err);
	if (r == 0)
		r = lab_source_write_report(exporter->source, exporter->directory, &undrawn, err);
	if (r == 0)
		r = write_json(exporter, err);
	if (r == 0)
		r = write_texts(exporter, err);
	if (r == 0 && undrawn != NULL)
		verb_warn(exporter->verb, "%s", undrawn);
	return r;
}

static int lab_export_run(const struct verb *verb, const void *settings, char **operands)
{
	struct lab_source source;
	const struct exporter exporter = { verb, &source, operands[1] };
	struct error err = { 0 };
	int r = lab_source_read(operands[0], &source, &err);

	(void)settings;
	if (r < 0)
		return verb_fail(verb, &err);
	/* A new one: nothing of anybody's is written over, and nothing else is in it. */
	if (mkdir(operands[1], 0755) < 0)
		r = error_errno(&err, -errno, "%s", operands[1]);
	if (r == 0)
		r = write_all(&exporter, &err);
	lab_source_done(&source);
	return r == 0 ? VERB_FINE : verb_fail(verb, &err);
}

const struct verb lab_export_verb = {
	.name = "lab export",
	.operands = "EXPERIMENT DIR",
	.least_operands = 2,
	.most_operands = 2,
	.summary = "everything of an experiment, for others to check and cite",
	.notes = "DIR is made: the report, the raw figures of every run, the experiment, its seed, versions and\n"
		 "host, the plots with their numbers and scripts, a CITATION.cff, and two scripts that make report\n"
		 "and plots again and compare them byte for byte. EXPERIMENT is named as for truce lab show.",
	.options = options,
	.settings_size = sizeof(struct lab_export_settings),
	.run = lab_export_run,
};
