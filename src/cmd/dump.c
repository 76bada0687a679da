/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce dump: every figure of every snapshot, for other programs. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/need.h"
#include "cmd/source.h"
#include "cmd/verb.h"
#include "cmd/vm_select.h"
#include "cmd/warnings.h"
#include "model/snapshot.h"
#include "report/openmetrics.h"
#include "report/snapshot_csv.h"
#include "report/snapshot_json.h"
#include "report/units.h"

#include <errno.h>
#include <string.h>

struct dump_settings {
	bool json, csv, openmetrics;
	const char *from, *to, *with, *root;
	uint64_t interval_usec, for_usec;
	struct option_list vms;
};

struct dump {
	const struct verb *verb;
	const struct dump_settings *settings;
	struct source *source;
	uint64_t from_usec, to_usec; /* realtime */
	uint64_t begin_usec;         /* monotonic, of the first snapshot */
	struct str text;
	bool begun, partly;
	bool met[OPTION_LIST_MOST];  /* some VM has been what --vm number so says */
};

static bool is_wanted(const struct vm *vm, void *context)
{
	const struct dump *dump = context;

	return vm_is_selected(vm, (char *const *)dump->settings->vms.values);
}

/* Which of the VMs that were asked for there are. */
static void meet(struct dump *dump, const struct snapshot *snapshot)
{
	size_t i, j;

	for (i = 0; i < dump->settings->vms.count; i++) {
		char *const words[] = { (char *)dump->settings->vms.values[i], NULL };

		for (j = 0; j < snapshot->vm_count && !dump->met[i]; j++)
			dump->met[i] = vm_is_selected(snapshot->vms[j], words);
	}
}

static int check_met(const struct dump *dump, struct error *err)
{
	struct str safe;
	size_t i;

	for (i = 0; i < dump->settings->vms.count && dump->met[i]; i++)
		;
	if (i == dump->settings->vms.count)
		return 0;
	str_init(&safe);
	text_append_safe(&safe, dump->settings->vms.values[i],
			 strlen(dump->settings->vms.values[i]));
	error_set(err, -ENOENT, "no VM in it has the name, uuid, pid or id \"%s\"",
		  safe.data != NULL ? safe.data : "");
	str_done(&safe);
	return -ENOENT;
}

/* Samples carry their time: several snapshots are one text, described once. */
static void append_metrics(struct dump *dump, const struct snapshot *snapshot)
{
	struct openmetrics_options options = {
		.format = OPENMETRICS_1, .per_vcpu = true, .timed = true, .bare = dump->begun,
		.wanted = is_wanted, .context = dump,
	};

	openmetrics_append(snapshot, &options, NULL, &dump->text);
}

static int print(struct dump *dump, const struct snapshot *snapshot)
{
	meet(dump, snapshot);
	str_clear(&dump->text);
	if (dump->settings->openmetrics) {
		append_metrics(dump, snapshot);
	} else if (dump->settings->csv) {
		if (!dump->begun)
			snapshot_csv_append_header(&dump->text);
		snapshot_csv_append_rows(snapshot, is_wanted, dump, &dump->text);
	} else {
		snapshot_json_append_line(snapshot, is_wanted, dump, &dump->text);
	}
	dump->begun = true;
	return verb_print(dump->verb, &dump->text);
}

static int print_end(struct dump *dump)
{
	if (!dump->settings->openmetrics)
		return VERB_FINE;
	str_clear(&dump->text);
	openmetrics_append_end(&dump->text);
	return verb_print(dump->verb, &dump->text);
}

/* What is before the beginning is passed over; behind the end it is over. */
static bool is_over(struct dump *dump, const struct snapshot *snapshot)
{
	if (dump->begin_usec == 0)
		dump->begin_usec = snapshot->monotonic_usec;
	return snapshot->realtime_usec > dump->to_usec ||
	       (dump->settings->for_usec != 0 &&
		snapshot->monotonic_usec - dump->begin_usec > dump->settings->for_usec);
}

static int follow(struct dump *dump, struct error *err)
{
	const struct snapshot *snapshot;
	int printed = VERB_FINE, r = 0;

	while (printed == VERB_FINE && (r = source_next(dump->source, &snapshot, err)) == 1) {
		if (is_over(dump, snapshot))
			break;
		if (snapshot->realtime_usec >= dump->from_usec)
			printed = print(dump, snapshot);
		dump->partly |= warnings_tell(dump->verb, dump->source);
	}
	dump->partly |= warnings_tell(dump->verb, dump->source);
	if (r >= 0 && printed == VERB_FINE)
		printed = print_end(dump);
	if (r < 0 || printed != VERB_FINE)
		return r < 0 ? r : -EIO;
	return check_met(dump, err);
}

static int parse_time(const char *text, const char *option, uint64_t reference, uint64_t *ret,
		      struct error *err)
{
	if (text == NULL || units_parse_time(text, reference, ret) == 0)
		return 0;
	return error_set(err, -EINVAL, "%s \"%.40s\" is no time: write 14:05, 2026-03-01T14:05:30Z "
			 "or -1h", option, text);
}

/* Times without a day, and distances, count from the end of a recording, else from now. */
static int set_times(struct dump *dump, struct error *err)
{
	uint64_t reference = clock_realtime_usec(), first;
	int r;

	source_span(dump->source, &first, &reference);
	dump->to_usec = UINT64_MAX;
	r = parse_time(dump->settings->from, "--from", reference, &dump->from_usec, err);
	if (r == 0)
		r = parse_time(dump->settings->to, "--to", reference, &dump->to_usec, err);
	if (r == 0 && dump->from_usec > dump->to_usec)
		r = error_set(err, -EINVAL, "--from is later than --to");
	if (r == 0 && dump->settings->from != NULL && source_is_replay(dump->source))
		r = source_seek(dump->source, dump->from_usec, err);
	return r;
}

static int dump_all(struct dump *dump, const struct source_spec *spec, struct error *err)
{
	int r = source_open(spec, &dump->source, err);

	if (r < 0)
		return r;
	r = set_times(dump, err);
	if (r == 0)
		r = follow(dump, err);
	source_close(dump->source);
	return r;
}

/* "live", or the name of a recording; --root takes neither. */
static int choose_source(const struct dump_settings *settings, const char *operand,
			 struct source_spec *spec, struct error *err)
{
	uint64_t ignored;

	if (settings->root != NULL && operand != NULL)
		return error_set(err, -EINVAL, "take --root or \"%.40s\", not both", operand);
	if (settings->root == NULL && operand == NULL)
		return error_set(err, -EINVAL, "name a recording, or live for this machine as it is");
	if (settings->root != NULL && settings->for_usec == 0)
		return error_set(err, -EINVAL, "--root needs --for: the clock of a captured host runs "
				 "as fast as it is read, and never ends");
	if (settings->json + settings->csv + settings->openmetrics > 1)
		return error_set(err, -EINVAL, "take one of --json, --csv and --openmetrics");
	if (parse_time(settings->from, "--from", UINT32_MAX, &ignored, err) < 0 ||
	    parse_time(settings->to, "--to", UINT32_MAX, &ignored, err) < 0)
		return -EINVAL;
	spec->root = settings->root;
	if (settings->root == NULL && strcmp(operand, "live") != 0)
		spec->replay = operand;
	return need_parse(settings->with, spec, err);
}

static int dump_run(const struct verb *verb, const void *settings, char **operands)
{
	struct dump dump = { .verb = verb, .settings = settings };
	struct source_spec spec = { .interval_usec = dump.settings->interval_usec, .watch = true };
	struct error err = { 0 };
	int r;

	if (choose_source(dump.settings, operands[0], &spec, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	if (dump.settings->for_usec != 0 && dump.settings->for_usec < spec.interval_usec)
		spec.interval_usec = dump.settings->for_usec;
	str_init(&dump.text);
	r = dump_all(&dump, &spec, &err);
	str_done(&dump.text);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return dump.partly ? VERB_PARTLY : VERB_FINE;
}

static const struct dump_settings dump_defaults = { .interval_usec = USEC_PER_SEC };

static const struct option_info dump_options[] = {
	OPTION_FLAG(struct dump_settings, json, 0, "json",
		    "one JSON object a snapshot and line (this is the default)"),
	OPTION_FLAG(struct dump_settings, csv, 0, "csv", "one CSV row a VM and snapshot"),
	OPTION_FLAG(struct dump_settings, openmetrics, 0, "openmetrics", "metrics with their times"),
	OPTION_TEXT(struct dump_settings, from, 0, "from", "TIME", "begin with this time"),
	OPTION_TEXT(struct dump_settings, to, 0, "to", "TIME", "end with this time"),
	OPTION_LIST(struct dump_settings, vms, 0, "vm", "NAME",
		    "this VM only (name, uuid, pid or id); may be given again"),
	OPTION_INTERVAL(struct dump_settings, interval_usec, "live: between two snapshots (1s)"),
	OPTION_DURATION(struct dump_settings, for_usec, 0, "for", "TIME", "end after that time"),
	OPTION_WITH(struct dump_settings, with),
	OPTION_ROOT(struct dump_settings, root),
	OPTIONS_END,
};

const struct verb dump_verb = {
	.name = "dump",
	.operands = "[FILE|live]",
	.most_operands = 1,
	.summary = "every figure of every snapshot, as JSON, CSV or metrics",
	.notes = "FILE is a recording of truce record; live is this machine, until Ctrl-C.\n"
		 "\n"
		 "TIME is 14:05 or 14:05:30 (of the recording's last day), 2026-03-01 14:05,\n"
		 "2026-03-01T14:05:30Z, or -1h: an hour before the recording's end. Counters stay as the\n"
		 "kernel counts them; an absent figure is null in JSON and empty in CSV.",
	.options = dump_options,
	.settings_size = sizeof(struct dump_settings),
	.defaults = &dump_defaults,
	.run = dump_run,
};
