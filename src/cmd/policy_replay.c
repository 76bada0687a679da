/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce policy replay: what a policy would have done to a recording. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "cmd/policy.h"
#include "cmd/source.h"
#include "cmd/verb.h"
#include "cmd/warnings.h"
#include "decide/decider.h"
#include "decide/replay.h"
#include "model/snapshot.h"
#include "report/json.h"
#include "report/plan_json.h"
#include "report/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_SCHEMA "truce.plan/1"

struct replay_settings {
	bool json, all;
	const char *from, *to;
	uint64_t interval_usec;
};

/* How often each rule, or each class's intents, had its way. */
struct tally {
	char rule[64], class_name[64]; /* one of them is "" */
	int line;
	unsigned set, released, held, cannot;
};

struct replaying {
	const struct verb *verb;
	const struct replay_settings *settings;
	const char *path, *recording;
	struct decider *decider;
	struct source *source;
	struct replay *replay;
	uint64_t to_usec;   /* realtime */
	uint64_t next_usec; /* monotonic: snapshots before are passed over */
	struct str text;    /* of one step, or (JSON) of what is not printed yet */
	struct json json;
	struct tally *tallies;
	size_t tally_count, tally_capacity;
	bool partly;
};

/* -- sums by rule --------------------------------------------------------------------------- */

static bool is_of(const struct tally *tally, const struct plan_item *item)
{
	const char *class_name = item->cause.rule[0] == '\0' ? item->class_name : "";

	return strcmp(tally->rule, item->cause.rule) == 0 &&
	       strcmp(tally->class_name, class_name) == 0 && tally->line == item->cause.line;
}

static struct tally *find_tally(struct replaying *replaying, const struct plan_item *item)
{
	struct tally *tally;
	size_t i;

	for (i = 0; i < replaying->tally_count; i++)
		if (is_of(&replaying->tallies[i], item))
			return &replaying->tallies[i];
	if (!VEC_RESERVE(replaying->tallies, replaying->tally_capacity, replaying->tally_count + 1))
		return NULL;
	tally = &replaying->tallies[replaying->tally_count++];
	memset(tally, 0, sizeof *tally);
	memcpy(tally->rule, item->cause.rule, sizeof tally->rule);
	if (item->cause.rule[0] == '\0')
		memcpy(tally->class_name, item->class_name, sizeof tally->class_name);
	tally->line = item->cause.line;
	return tally;
}

static void count(struct replaying *replaying, const struct plan_item *item)
{
	struct tally *tally = find_tally(replaying, item);

	if (tally == NULL)
		return;
	tally->set += item->verdict == PLAN_SET;
	tally->released += item->verdict == PLAN_RELEASE;
	tally->held += item->verdict == PLAN_HELD;
	tally->cannot += item->verdict == PLAN_CANNOT;
}

static int compare_tallies(const void *one, const void *other)
{
	const struct tally *a = one, *b = other;

	return a->line != b->line ? (a->line > b->line) - (a->line < b->line)
				  : strcmp(a->rule, b->rule);
}

static void append_tallies(struct replaying *replaying)
{
	size_t i;

	for (i = 0; i < replaying->tally_count; i++) {
		const struct tally *tally = &replaying->tallies[i];
		const char *name = tally->rule[0] != '\0' ? tally->rule : tally->class_name;

		str_append(&replaying->text, tally->rule[0] != '\0' ? "  rule " : "  intent of class ");
		text_append_safe(&replaying->text, name, strlen(name));
		str_appendf(&replaying->text, " (line %d): %u set, %u released, %u held, %u that cannot "
			    "be\n", tally->line, tally->set, tally->released, tally->held, tally->cannot);
	}
}

/* -- JSON -------------------------------------------------------------------------------------- */

static void put_item(struct replaying *replaying, const struct snapshot *seen,
		     const struct plan_item *item)
{
	struct json *json = &replaying->json;

	json_object_begin(json);
	json_key(json, "time");
	json_time(json, seen->realtime_usec);
	json_key(json, "monotonic_usec");
	json_uint(json, seen->monotonic_usec);
	plan_json_vm(json, item);
	plan_json_item(json, item);
	json_object_end(json);
}

static void put_head(struct replaying *replaying)
{
	struct json *json = &replaying->json;

	json_begin(json, &replaying->text);
	json_object_begin(json);
	json_key(json, "schema");
	json_text(json, PLAN_SCHEMA);
	json_key(json, "policy");
	json_text(json, decider_policy(replaying->decider)->name);
	json_key(json, "items");
	json_array_begin(json);
}

static void put_number(struct json *json, const char *key, uint64_t number)
{
	json_key(json, key);
	json_uint(json, number);
}

static void put_tallies(struct replaying *replaying)
{
	struct json *json = &replaying->json;
	size_t i;

	json_key(json, "by_rule");
	json_array_begin(json);
	for (i = 0; i < replaying->tally_count; i++) {
		const struct tally *tally = &replaying->tallies[i];

		json_object_begin(json);
		json_key(json, "rule");
		json_text(json, tally->rule[0] != '\0' ? tally->rule : NULL);
		json_key(json, "class");
		json_text(json, tally->rule[0] != '\0' ? NULL : tally->class_name);
		put_number(json, "line", (uint64_t)tally->line);
		put_number(json, "set", tally->set);
		put_number(json, "released", tally->released);
		put_number(json, "held", tally->held);
		put_number(json, "cannot", tally->cannot);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_end(struct replaying *replaying, const struct replay_sums *sums)
{
	struct json *json = &replaying->json;

	json_array_end(json);
	json_key(json, "summary");
	json_object_begin(json);
	put_number(json, "snapshots", sums->snapshots);
	put_number(json, "turns", sums->turns);
	put_number(json, "span_usec", sums->span_usec);
	put_number(json, "set", sums->set);
	put_number(json, "released", sums->released);
	put_number(json, "held", sums->held);
	put_number(json, "cannot", sums->cannot);
	put_number(json, "warnings", sums->warnings);
	put_tallies(replaying);
	json_object_end(json);
	json_key(json, "not_simulated");
	json_text(json, "effects on load: who waits, what is used, read and written is as it was recorded");
	json_object_end(json);
	str_append_char(&replaying->text, '\n');
}

/* -- steps ------------------------------------------------------------------------------------- */

/* Each item that the text has a line for. */
static void take_item(void *context, const struct snapshot *seen, const struct plan_item *item)
{
	struct replaying *replaying = context;

	count(replaying, item);
	if (replaying->settings->json)
		put_item(replaying, seen, item);
}

static int take_turn(void *context, enum decider_occasion occasion, const struct snapshot *snapshot,
		     const struct outcome *outcomes, size_t outcome_count,
		     const struct decision **ret, struct error *err)
{
	struct replaying *replaying = context;

	return decider_turn(replaying->decider, occasion, snapshot, outcomes, outcome_count, ret, err);
}

static int flush(struct replaying *replaying)
{
	int r = VERB_FINE;

	if (replaying->text.length > 0 || replaying->text.failed)
		r = verb_print(replaying->verb, &replaying->text);
	str_clear(&replaying->text);
	return r == VERB_FINE ? 0 : -EIO;
}

/* Warnings of rules have lines, and no place in the JSON but their number. */
static int step(struct replaying *replaying, const struct snapshot *snapshot, struct error *err)
{
	struct str lines;
	int r;

	str_init(&lines);
	r = replay_step(replaying->replay, snapshot, &lines, err);
	if (r >= 0 && !replaying->settings->json)
		str_append_bytes(&replaying->text, lines.data != NULL ? lines.data : "", lines.length);
	str_done(&lines);
	return r < 0 ? r : flush(replaying);
}

static bool is_passed_over(struct replaying *replaying, const struct snapshot *snapshot)
{
	if (snapshot->monotonic_usec < replaying->next_usec)
		return true;
	if (replaying->settings->interval_usec != 0)
		replaying->next_usec = snapshot->monotonic_usec + replaying->settings->interval_usec;
	return false;
}

static int follow(struct replaying *replaying, struct error *err)
{
	const struct snapshot *snapshot;
	int r = 1;

	while (r >= 0 && (r = source_next(replaying->source, &snapshot, err)) == 1) {
		if (snapshot->realtime_usec > replaying->to_usec)
			return 0;
		if (!is_passed_over(replaying, snapshot))
			r = step(replaying, snapshot, err);
		replaying->partly |= warnings_tell(replaying->verb, replaying->source);
	}
	return r;
}

static int end(struct replaying *replaying)
{
	struct replay_sums sums;
	struct str lines;

	str_init(&lines);
	replay_end(replaying->replay, &sums, &lines);
	if (replaying->tally_count > 0)
		qsort(replaying->tallies, replaying->tally_count, sizeof *replaying->tallies,
		      compare_tallies);
	if (replaying->settings->json) {
		put_end(replaying, &sums);
	} else {
		append_tallies(replaying);
		str_append_bytes(&replaying->text, lines.data != NULL ? lines.data : "", lines.length);
	}
	str_done(&lines);
	return flush(replaying);
}

/* -- all --------------------------------------------------------------------------------------- */

static int parse_time(const char *text, const char *option, uint64_t reference, uint64_t *ret,
		      struct error *err)
{
	if (text == NULL || units_parse_time(text, reference, ret) == 0)
		return 0;
	return error_set(err, -EINVAL, "%s \"%.40s\" is no time: write 14:05, 2026-03-01T14:05:30Z "
			 "or -1h", option, text);
}

/* Times without a day, and distances, count from the recording's end. */
static int set_times(struct replaying *replaying, struct error *err)
{
	uint64_t first = 0, last = 0, from = 0;
	int r;

	source_span(replaying->source, &first, &last);
	replaying->to_usec = UINT64_MAX;
	r = parse_time(replaying->settings->from, "--from", last, &from, err);
	if (r == 0)
		r = parse_time(replaying->settings->to, "--to", last, &replaying->to_usec, err);
	if (r == 0 && from > replaying->to_usec)
		r = error_set(err, -EINVAL, "--from is later than --to");
	if (r == 0 && replaying->settings->from != NULL)
		r = source_seek(replaying->source, from, err);
	return r;
}

static int prepare(struct replaying *replaying, struct error *err)
{
	const struct source_spec spec = { .replay = replaying->recording };
	const struct replay_options options = {
		.turn = take_turn, .told = take_item, .context = replaying,
		.all = replaying->settings->all,
	};
	int r = decider_new(replaying->path, NULL, &replaying->decider, err);

	if (r < 0)
		return r;
	r = source_open(&spec, &replaying->source, err);
	if (r == 0)
		r = set_times(replaying, err);
	if (r < 0)
		return r;
	replaying->replay = replay_new(decider_policy(replaying->decider), &options);
	return replaying->replay != NULL ? 0 : error_set(err, -ENOMEM, "out of memory");
}

static int replay_all(struct replaying *replaying, struct error *err)
{
	int r = prepare(replaying, err);

	if (r < 0)
		return r;
	if (replaying->settings->json)
		put_head(replaying);
	r = follow(replaying, err);
	return r < 0 ? r : end(replaying);
}

static int replay_run(const struct verb *verb, const void *settings, char **operands)
{
	struct replaying replaying = { .verb = verb, .settings = settings, .path = operands[0],
				       .recording = operands[1] };
	struct error err = { 0 };
	int r;

	str_init(&replaying.text);
	r = replay_all(&replaying, &err);
	str_done(&replaying.text);
	replay_free(replaying.replay);
	if (replaying.source != NULL)
		source_close(replaying.source);
	decider_free(replaying.decider);
	free(replaying.tallies);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return replaying.partly ? VERB_PARTLY : VERB_FINE;
}

static const struct option_info replay_options_table[] = {
	OPTION_TEXT(struct replay_settings, from, 0, "from", "TIME", "begin with this time"),
	OPTION_TEXT(struct replay_settings, to, 0, "to", "TIME", "end with this time"),
	OPTION_INTERVAL(struct replay_settings, interval_usec,
			"take a snapshot only so often (as they were recorded)"),
	OPTION_FLAG(struct replay_settings, all, 0, "all",
		    "tell at each step what is still held or cannot be"),
	OPTION_FLAG(struct replay_settings, json, 0, "json", "print JSON instead of lines"),
	OPTIONS_END,
};

const struct verb policy_replay_verb = {
	.name = "policy replay",
	.operands = "FILE RECORDING",
	.least_operands = 2,
	.most_operands = 2,
	.summary = "what a policy would have done to a recording, step by step",
	.notes = "RECORDING is one of truce record. Each line is what truced would have planned, with the\n"
		 "time since the recording's beginning. What the policy sets is seen as set from then on;\n"
		 "what would have come of it is not simulated: who waits, and what is used, is as it was\n"
		 "recorded. The same files give the same bytes.\n"
		 "\n"
		 "TIME is 14:05 or 14:05:30 (of the recording's last day), 2026-03-01 14:05,\n"
		 "2026-03-01T14:05:30Z, or -1h: an hour before the recording's end.",
	.options = replay_options_table,
	.settings_size = sizeof(struct replay_settings),
	.run = replay_run,
};
