/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce log: what was adjusted, when and why, and what came of it; as it happens with --follow. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/adjustment_text.h"
#include "cmd/interrupt.h"
#include "cmd/truced.h"
#include "cmd/verb.h"
#include "cmd/warnings.h"
#include "control/control.h"
#include "ledger/ledger.h"
#include "ledger/past.h"
#include "report/json.h"
#include "report/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOG_SCHEMA "truce.log/1"

struct log_settings {
	bool json, follow, changes;
	const char *vm, *policy, *since;
	uint64_t last;
};

struct log {
	const struct verb *verb;
	const struct log_settings *settings;
	struct ledger_query query;
	struct adjustments adjustments;
	struct str text;
	bool past_printed;
	uint64_t past_id; /* the newest of the past: what is told from then on may repeat it */
	int result;       /* enum verb_exit */
};

static bool is_wanted(const struct log *log, const struct adjustment *adjustment)
{
	return log->settings->policy == NULL ||
	       strcmp(adjustment->item.cause.policy, log->settings->policy) == 0;
}

static void append(struct log *log, const struct adjustment *adjustment)
{
	struct json json;

	if (!log->settings->json) {
		adjustment_append_line(&log->text, adjustment);
		return;
	}
	json_begin(&json, &log->text);
	adjustment_append_json(&json, adjustment, LOG_SCHEMA);
	str_append_char(&log->text, '\n');
}

static int flush(struct log *log)
{
	int r = VERB_FINE;

	if (log->text.length > 0 || log->text.failed)
		r = verb_print(log->verb, &log->text);
	str_clear(&log->text);
	return r;
}

/* The newest so many of those that are wanted. */
static size_t first_of(const struct log *log)
{
	uint64_t left = log->settings->last;
	size_t i = log->adjustments.count;

	if (left == 0)
		return 0;
	while (i > 0 && left > 0)
		left -= is_wanted(log, &log->adjustments.items[--i]);
	return i;
}

static int print_past(struct log *log, struct error *err)
{
	int r = ledger_read(NULL, &log->query, &log->adjustments, err);
	size_t i;

	if (r < 0)
		return r;
	log->past_printed = true;
	if (log->adjustments.count > 0)
		log->past_id = log->adjustments.items[log->adjustments.count - 1].id;
	for (i = first_of(log); i < log->adjustments.count; i++)
		if (is_wanted(log, &log->adjustments.items[i]))
			append(log, &log->adjustments.items[i]);
	warnings_tell_torn(log->verb, &log->adjustments);
	log->result = flush(log);
	return log->result == VERB_FINE ? 0 : -EIO;
}

/* What is turned is told when it is known what came of it; the rest at once. */
static bool is_settled(const struct adjustment *adjustment)
{
	enum plan_verdict verdict = adjustment->item.verdict;

	return adjustment->note[0] != '\0' || adjustment->dry_run || adjustment->has_outcome ||
	       (verdict != PLAN_SET && verdict != PLAN_RELEASE);
}

static void tell_change(struct log *log, const struct adjustment *adjustment, const char *kind)
{
	if (!is_wanted(log, adjustment) || !is_settled(adjustment))
		return;
	if (strcmp(kind, "effect") == 0 && !log->settings->json)
		adjustment_append_effect_line(&log->text, adjustment);
	else
		append(log, adjustment);
}

/* A follower for days keeps what may still change: the newest thousand. */
static void forget_old(struct adjustments *adjustments)
{
	enum { KEPT = 1000 };

	if (adjustments->count < 2 * KEPT)
		return;
	memmove(adjustments->items, adjustments->items + adjustments->count - KEPT,
		KEPT * sizeof *adjustments->items);
	adjustments->count = KEPT;
}

/* Already read from the file, because it was written while that was read. */
static bool is_past(const struct log *log, const json_t *line)
{
	const char *kind = truced_text(line, "kind");

	return (strcmp(kind, "adjustment") == 0 || strcmp(kind, "note") == 0) &&
	       (uint64_t)truced_number(line, "id") <= log->past_id;
}

static int take(struct log *log, const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	size_t at;
	int r;

	if (text == NULL)
		return -ENOMEM;
	r = adjustments_take(&log->adjustments, &log->query, text, strlen(text), &at);
	free(text);
	if (r == 1)
		tell_change(log, &log->adjustments.items[at], truced_text(line, "kind"));
	return r == -ENOMEM ? r : 0;
}

struct follow {
	struct log *log;
	struct error *err;
};

/* The past is read once truced tells all that is new: nothing falls between the two. */
static int take_line(const json_t *line, void *context)
{
	struct follow *follow = context;
	struct log *log = follow->log;
	int r = 0;

	if (line == NULL)
		return print_past(log, follow->err);
	if (!is_past(log, line))
		r = take(log, line);
	if (r < 0)
		return error_set(follow->err, r, "out of memory");
	forget_old(&log->adjustments);
	log->result = flush(log);
	return log->result == VERB_FINE ? 0 : -EIO;
}

static int follow_all(struct log *log, struct error *err)
{
	json_t *request = json_pack("{s:s}", "do", "log.follow");
	struct follow follow = { log, err };
	struct error past;
	int r;

	if (request == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	interrupt_catch();
	r = control_follow(NULL, request, interrupt_fd(), take_line, &follow, err);
	json_decref(request);
	if (r < 0 && !log->past_printed)
		print_past(log, &past);
	return r < 0 ? r : 0;
}

static int set_query(struct log *log, struct error *err)
{
	const char *since = log->settings->since;

	log->query.vm = log->settings->vm;
	log->query.changes_only = log->settings->changes;
	if (log->settings->policy == NULL)
		log->query.most = log->settings->last;
	if (since == NULL || units_parse_time(since, clock_realtime_usec(), &log->query.since_usec) == 0)
		return 0;
	return error_set(err, -EINVAL, "--since \"%.40s\" is no time: write 14:05, "
			 "2026-03-01T14:05:30Z or -1h", since);
}

static int log_run(const struct verb *verb, const void *settings, char **operands)
{
	struct log log = { .verb = verb, .settings = settings };
	struct error err = { 0 };
	int r;

	if (set_query(&log, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	str_init(&log.text);
	r = log.settings->follow ? follow_all(&log, &err) : print_past(&log, &err);
	if (log.result == VERB_FINE && log.adjustments.torn > 0)
		log.result = VERB_PARTLY;
	str_done(&log.text);
	adjustments_done(&log.adjustments);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return log.result;
}

static const struct option_info log_options[] = {
	OPTION_FLAG(struct log_settings, follow, 'f', "follow", "then each new one, until Ctrl-C"),
	OPTION_TEXT(struct log_settings, vm, 0, "vm", "VM", "of this VM only: its name or its id"),
	OPTION_TEXT(struct log_settings, policy, 0, "policy", "NAME",
		    "by this policy only; set: by a person"),
	OPTION_TEXT(struct log_settings, since, 0, "since", "TIME", "begin with this time"),
	OPTION_COUNT(struct log_settings, last, 'n', "last", "N", "the newest N only"),
	OPTION_FLAG(struct log_settings, changes, 0, "changes",
		    "what was set and given back; not what was held or could not be done"),
	OPTION_FLAG(struct log_settings, json, 0, "json", "print JSON, one object a line"),
	OPTIONS_END,
};

const struct verb log_verb = {
	.name = "log",
	.summary = "what was adjusted, when, by which rule and why, and what came of it",
	.notes = "A line is: time, VM, what was done and what came of it; who asked and why, with the\n"
		 "figures that the rule looked at. With --follow an adjustment is told when it is known\n"
		 "what came of it, and once more half a minute later: how the VM fared since.\n"
		 "\n"
		 "TIME is 14:05 or 14:05:30 (of today), 2026-03-01 14:05, 2026-03-01T14:05:30Z, or -1h.",
	.options = log_options,
	.settings_size = sizeof(struct log_settings),
	.run = log_run,
};
