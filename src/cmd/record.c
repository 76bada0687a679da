/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce record: snapshots into a file, one at a time, until somebody says stop. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/need.h"
#include "cmd/source.h"
#include "cmd/verb.h"
#include "cmd/warnings.h"
#include "model/snapshot.h"
#include "record/record.h"
#include "report/units.h"

#include <stdio.h>
#include <unistd.h>

struct record_settings {
	uint64_t interval_usec, for_usec;
	const char *with, *root;
};

struct recording {
	const struct verb *verb;
	const struct record_settings *settings;
	struct source *source;
	struct record_writer *writer;
	uint64_t begin_usec; /* monotonic, of the source */
	uint64_t count;
	uint64_t lost;       /* in a row, since the disk is full */
	bool partly;
};

/* A terminal sees that something is happening; a log does not want to. */
static void show_progress(const struct recording *recording, const struct snapshot *snapshot)
{
	struct str text;

	if (!isatty(STDERR_FILENO))
		return;
	str_init(&text);
	units_append_duration(&text, (double)(snapshot->monotonic_usec - recording->begin_usec));
	str_appendf(&text, ", %llu snapshots, %zu VMs, ", (unsigned long long)recording->count,
		    snapshot->vm_count);
	units_append_bytes(&text, (double)record_writer_size(recording->writer));
	fprintf(stderr, "\r%s\033[K", text.data != NULL ? text.data : "");
	str_done(&text);
}

/* Said once when it begins and once when it ends; in between each snapshot is tried. */
static void keep(struct recording *recording, const struct snapshot *snapshot)
{
	struct error err = { 0 };

	if (record_write(recording->writer, snapshot, &err) < 0) {
		if (recording->lost++ == 0)
			verb_warn(recording->verb, "%s; what is recorded is safe, and each following "
				  "snapshot is tried", err.text);
		recording->partly = true;
		return;
	}
	recording->count++;
	if (recording->lost > 0)
		verb_warn(recording->verb, "recording again; %llu snapshots are missing",
			  (unsigned long long)recording->lost);
	recording->lost = 0;
}

static bool time_is_up(struct recording *recording, const struct snapshot *snapshot)
{
	if (recording->begin_usec == 0)
		recording->begin_usec = snapshot->monotonic_usec;
	return recording->settings->for_usec != 0 &&
	       snapshot->monotonic_usec - recording->begin_usec >= recording->settings->for_usec;
}

static int follow(struct recording *recording, struct error *err)
{
	const struct snapshot *snapshot;
	bool ended = false;
	int r = 1;

	while (!ended && (r = source_next(recording->source, &snapshot, err)) == 1) {
		ended = time_is_up(recording, snapshot);
		keep(recording, snapshot);
		show_progress(recording, snapshot);
		recording->partly |= warnings_tell(recording->verb, recording->source);
	}
	if (recording->count > 0 && isatty(STDERR_FILENO))
		fputc('\n', stderr);
	return r < 0 ? r : 0;
}

static int record_all(struct recording *recording, const struct source_spec *spec,
		      const char *path, struct error *err)
{
	const char *damage;
	int r;

	recording->writer = record_writer_new(path, err);
	if (recording->writer == NULL)
		return -1;
	damage = record_writer_damage(recording->writer);
	if (damage != NULL)
		verb_warn(recording->verb, "%s", damage);
	r = source_open(spec, &recording->source, err);
	if (r < 0)
		return r;
	r = follow(recording, err);
	if (r == 0)
		r = record_writer_finish(recording->writer, err);
	return r;
}

static int record_run(const struct verb *verb, const void *settings, char **operands)
{
	struct recording recording = { .verb = verb, .settings = settings };
	struct source_spec spec = {
		.root = recording.settings->root,
		.interval_usec = recording.settings->interval_usec,
		.watch = true,
	};
	struct error err = { 0 };
	int r;

	if (recording.settings->for_usec != 0 && recording.settings->for_usec < spec.interval_usec)
		spec.interval_usec = recording.settings->for_usec;
	if (need_parse(recording.settings->with, &spec, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	if (spec.root != NULL && recording.settings->for_usec == 0)
		return verb_misuse(verb, "--root needs --for: the clock of a captured host runs as "
				   "fast as it is read, and never ends");
	r = record_all(&recording, &spec, operands[0], &err);
	if (recording.source != NULL)
		source_close(recording.source);
	record_writer_free(recording.writer);
	if (r < 0)
		return verb_fail(verb, &err);
	return recording.partly ? VERB_PARTLY : VERB_FINE;
}

static const struct record_settings record_defaults = { .interval_usec = USEC_PER_SEC };

static const struct option_info record_options[] = {
	OPTION_INTERVAL(struct record_settings, interval_usec, "between two snapshots (1s)"),
	OPTION_DURATION(struct record_settings, for_usec, 0, "for", "TIME", "end after that time"),
	OPTION_WITH(struct record_settings, with),
	OPTION_ROOT(struct record_settings, root),
	OPTIONS_END,
};

const struct verb record_verb = {
	.name = "record",
	.operands = "FILE",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "write what is seen into a file, to be looked at later",
	.notes = "A FILE that is a recording is continued. Ctrl-C ends it well; a kill or a crash loses\n"
		 "at most the snapshot that was being written. When the disk is full it says so, keeps\n"
		 "what there is, and goes on as soon as there is room. A hundred VMs take 60 to 90 MB a\n"
		 "day at one snapshot a second.\n"
		 "\n"
		 "truce top --replay FILE, truce events --replay FILE and truce dump FILE read it, also\n"
		 "while it is being written.",
	.options = record_options,
	.settings_size = sizeof(struct record_settings),
	.defaults = &record_defaults,
	.run = record_run,
};
