/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/result/raw.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

struct raw {
	const struct result *result;
	FILE *stream;
	struct str safe;
};

static void put_text(struct raw *raw, const char *text)
{
	str_clear(&raw->safe);
	if (text != NULL)
		text_append_safe(&raw->safe, text, strlen(text));
	fprintf(raw->stream, "%s", raw->safe.length > 0 ? raw->safe.data : "-");
}

static void put_cells(struct raw *raw)
{
	const struct stored_experiment *experiment = raw->result->experiment;
	size_t i, j;

	fputs("cell\tlabel\tbaseline\tcontrol\tcompared_with\tmachine", raw->stream);
	for (j = 0; j < experiment->factor_count; j++) {
		fputc('\t', raw->stream);
		put_text(raw, experiment->factors[j]);
	}
	fputc('\n', raw->stream);
	for (i = 0; i < experiment->cell_count; i++) {
		const struct stored_cell *cell = &experiment->cells[i];

		fprintf(raw->stream, "%zu\t", i);
		put_text(raw, cell->label);
		fprintf(raw->stream, "\t%d\t%d\t%zu\t%u", cell->is_baseline, cell->is_aa,
			cell->compared_with, cell->machine);
		for (j = 0; j < experiment->factor_count; j++) {
			fputc('\t', raw->stream);
			put_text(raw, cell->values[j]);
		}
		fputc('\n', raw->stream);
	}
}

static void put_boots(struct raw *raw)
{
	const struct stored_experiment *experiment = raw->result->experiment;
	size_t i;

	fputs("boot\tordinal\tattempt\tstarted_usec\tended_usec\tstate\twhy\tsetup\n", raw->stream);
	for (i = 0; i < experiment->boot_count; i++) {
		const struct stored_boot *boot = &experiment->boots[i];

		fprintf(raw->stream, "%" PRId64 "\t%u\t%u\t%" PRId64 "\t%" PRId64 "\t", boot->id,
			boot->ordinal, boot->attempt, boot->started_usec, boot->ended_usec);
		put_text(raw, boot->state);
		fputc('\t', raw->stream);
		put_text(raw, boot->why);
		fputc('\t', raw->stream);
		put_text(raw, boot->setup);
		fputc('\n', raw->stream);
	}
}

static void put_runs(struct raw *raw)
{
	const struct stored_experiment *experiment = raw->result->experiment;
	size_t i;

	fputs("run\tboot\tcell\tordinal\tstarted_usec\tstarted_nsec\twarmup_nsec\tduration_nsec\tstate\twhy\t"
	      "counts\tcounted_from_nsec\tcounted_until_nsec\tlevels\tnever_steady\n", raw->stream);
	for (i = 0; i < experiment->run_count; i++) {
		const struct stored_run *stored = &experiment->runs[i];
		const struct result_window *window = &raw->result->windows[i];

		fprintf(raw->stream, "%" PRId64 "\t%" PRId64 "\t%zu\t%u\t%" PRId64 "\t%" PRId64
			"\t%" PRIu64 "\t%" PRIu64 "\t", stored->id, experiment->boots[stored->boot].id,
			stored->run.cell, stored->run.ordinal, stored->run.started_usec,
			stored->run.started_nsec, stored->run.warmup_nsec, stored->run.duration_nsec);
		put_text(raw, stored->run.state);
		fputc('\t', raw->stream);
		put_text(raw, stored->run.why);
		fprintf(raw->stream, "\t%d\t%" PRId64 "\t%" PRId64 "\t%zu\t%d\n",
			result_run_counts(raw->result, i), window->from_nsec, window->until_nsec,
			window->stretches, window->never);
	}
}

static void put_members(struct raw *raw)
{
	const struct stored_experiment *experiment = raw->result->experiment;
	size_t i, j;

	fputs("run\tvm\trole\tunit\tworkload\tresults\n", raw->stream);
	for (i = 0; i < experiment->run_count; i++)
		for (j = 0; j < experiment->runs[i].run.member_count; j++) {
			const struct store_member *member = &experiment->runs[i].run.members[j];

			fprintf(raw->stream, "%" PRId64 "\t%u\t%s\t", experiment->runs[i].id, member->vm + 1,
				store_role_names[member->role]);
			put_text(raw, member->unit);
			fputc('\t', raw->stream);
			put_text(raw, member->workload);
			fputc('\t', raw->stream);
			put_text(raw, member->results);
			fputc('\n', raw->stream);
		}
}

static void put_buckets(struct raw *raw, const struct store_run *run,
			const struct store_interval *interval)
{
	size_t i;

	for (i = 0; i < interval->bucket_count; i++) {
		const struct store_bucket *bucket = &run->buckets[interval->first_bucket + i];

		fprintf(raw->stream, "%s%u:%u", i > 0 ? "," : "", bucket->index, bucket->added);
	}
	if (interval->bucket_count == 0)
		fputc('-', raw->stream);
}

static void put_intervals(struct raw *raw)
{
	const struct stored_experiment *experiment = raw->result->experiment;
	size_t i, j;

	fputs("run\tvm\tat_nsec\tlength_nsec\tuncertainty_nsec\toperations\tbytes\terrors\tlost\tlatency\n",
	      raw->stream);
	for (i = 0; i < experiment->run_count; i++)
		for (j = 0; j < experiment->runs[i].run.interval_count; j++) {
			const struct store_interval *interval = &experiment->runs[i].run.intervals[j];

			fprintf(raw->stream, "%" PRId64 "\t%u\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64
				"\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t",
				experiment->runs[i].id, interval->vm + 1, interval->at_nsec,
				interval->length_nsec, interval->uncertainty_nsec, interval->operations,
				interval->bytes, interval->errors, interval->lost);
			put_buckets(raw, &experiment->runs[i].run, interval);
			fputc('\n', raw->stream);
		}
}

static void put_samples(struct raw *raw)
{
	const struct stored_experiment *experiment = raw->result->experiment;
	size_t i, j;

	fputs("run\tsource\tfigure\tat_nsec\tvalue\n", raw->stream);
	for (i = 0; i < experiment->run_count; i++)
		for (j = 0; j < experiment->runs[i].run.sample_count; j++) {
			const struct store_sample *sample = &experiment->runs[i].run.samples[j];

			fprintf(raw->stream, "%" PRId64 "\t", experiment->runs[i].id);
			put_text(raw, sample->source);
			fputc('\t', raw->stream);
			put_text(raw, sample->figure);
			fprintf(raw->stream, "\t%" PRId64 "\t%" PRId64 "\n", sample->at_nsec, sample->value);
		}
}

static const struct {
	const char *name;
	void (*put)(struct raw *raw);
} files[] = {
	{ "cells", put_cells },	    { "boots", put_boots },	    { "runs", put_runs },
	{ "members", put_members }, { "intervals", put_intervals }, { "samples", put_samples },
};

static int write_file(const struct result *result, const char *directory, size_t file,
		      struct error *err)
{
	struct raw raw = { .result = result };
	char path[PATH_MAX];
	bool failed;

	if (snprintf(path, sizeof path, "%s/%s.tsv", directory, files[file].name) >= (int)sizeof path)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long", directory);
	raw.stream = fopen(path, "wxe");
	if (raw.stream == NULL)
		return error_errno(err, -errno, "%s", path);
	str_init(&raw.safe);
	files[file].put(&raw);
	failed = raw.safe.failed;
	str_done(&raw.safe);
	failed = ferror(raw.stream) != 0 || failed;
	if (fclose(raw.stream) != 0 || failed)
		return error_errno(err, errno != 0 ? -errno : -EIO, "%s", path);
	return 0;
}

int raw_write(const struct result *result, const char *directory, struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = write_file(result, directory, i, err);
	return r;
}
