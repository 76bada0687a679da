/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce ksm tune: KSM at the speed that it is worth, for as long as this runs. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/interrupt.h"
#include "cmd/ksm.h"
#include "cmd/ksm_tune_told.h"
#include "cmd/verb.h"
#include "control/control.h"
#include "ksm/hold.h"
#include "ksm/seen.h"
#include "model/event.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* While it sweeps a look must come before ksmd has gone round again. */
#define SWEEP_LOOK_USEC (USEC_PER_SEC / 4)
#define LOOK_USEC USEC_PER_SEC
/* Guests without KVM are looked for in the whole of /proc: that is dear, and they are few. */
#define SLOW_SCAN_USEC (60 * USEC_PER_SEC)

struct ksm_tune_settings {
	bool json, dry_run, take_over;
	uint64_t for_usec;
	const char *cpu, *calm, *waiting;
};

struct tuner {
	const struct verb *verb;
	const struct ksm_tune_settings *settings;
	struct root *root;
	struct observe *observe;
	struct seen *seen;
	struct ksm_hold *hold;
	struct tune tune;
	struct tune_limits limits;
	struct tune_seen now, begin;
	struct ksm found; /* KSM's files at the begin */
};

/* -- what comes in and what goes out -------------------------------------------------------------------- */

/* A share of something, from percent: above 0, at most 1. */
static int parse_percent(const char *text, double *ret)
{
	char *end;
	double percent;

	if (text == NULL)
		return 0;
	percent = strtod(text, &end);
	if (end == text || (*end != '\0' && strcmp(end, "%") != 0) || !(percent > 0) || percent > 100)
		return -EINVAL;
	*ret = percent / 100;
	return 0;
}

static int parse_limits(struct tuner *tuner)
{
	const struct {
		const char *option, *text;
		double *limit;
	} percents[] = {
		{ "--cpu", tuner->settings->cpu, &tuner->limits.sweep_cpus },
		{ "--calm", tuner->settings->calm, &tuner->limits.calm_cpus },
		{ "--waiting", tuner->settings->waiting, &tuner->limits.waiting_most },
	};
	size_t i;

	tuner->limits = tune_limits_default;
	for (i = 0; i < sizeof percents / sizeof *percents; i++)
		if (parse_percent(percents[i].text, percents[i].limit) < 0)
			return verb_misuse(tuner->verb, "%s: a percentage above 0, at most 100, is wanted",
					   percents[i].option);
	return VERB_FINE;
}

static int tell(struct tuner *tuner, const char *event, const char *why)
{
	const struct ksm_tune_told told = {
		.event = event,
		.phase = tune_phase_name(tuner->tune.phase),
		.why = why,
		.realtime_usec = root_realtime_usec(tuner->root),
		.pages = tuner->tune.phase == TUNE_YIELD ? 0 : tuner->tune.wish.pages,
		.sleep_msec = tuner->tune.wish.sleep_msec,
		.begin = &tuner->begin,
		.now = &tuner->now,
		.page_bytes = (uint64_t)tuner->root->page_size,
	};
	struct str text;
	int printed;

	str_init(&text);
	if (tuner->settings->json)
		ksm_tune_append_json(&told, &text);
	else
		ksm_tune_append_line(&told, &text);
	printed = verb_print(tuner->verb, &text);
	str_done(&text);
	return printed == VERB_FINE ? 0 : -EIO;
}

/* -- the loop ---------------------------------------------------------------------------------------------- */

/* True where a VM was born since. */
static bool take_births(struct tuner *tuner)
{
	const struct snapshot *vms = observe_snapshot(tuner->observe);
	size_t i;

	if (observe_tick_events(tuner->observe) < 0)
		return false;
	for (i = 0; i < vms->event_count; i++)
		if (vms->events[i].kind == EVENT_CREATED)
			return true;
	return false;
}

/* Somebody else turns KSM's knobs meanwhile: theirs, unless we were told to take them over. */
static int heed_others(struct tuner *tuner, const struct ksm *found, struct error *err)
{
	char sentence[KSM_HOLD_SENTENCE];

	if (!ksm_hold_look(tuner->hold, found, sentence))
		return 0;
	if (!tuner->settings->take_over)
		return error_set(err, -EBUSY, "%s: it is left to them; --take-over would set it again", sentence);
	return tell(tuner, "drift", sentence);
}

static int turn(struct tuner *tuner, bool born, struct error *err)
{
	bool first = !tuner->tune.begun;
	enum tune_phase before = tuner->tune.phase;
	struct tune_wish wish;
	struct ksm found;
	int r = seen_look(tuner->seen, observe_snapshot(tuner->observe), &tuner->now, &found, err);

	if (r == 0)
		r = heed_others(tuner, &found, err);
	if (r < 0)
		return r;
	tuner->now.born = born;
	if (first) {
		tuner->begin = tuner->now;
		tuner->found = found;
	}
	wish = tune_next(&tuner->tune, &tuner->now);
	r = ksm_hold_set(tuner->hold, &wish, tuner->tune.why, err);
	if (r == 0 && (first || tuner->tune.phase != before))
		r = tell(tuner, "phase", tuner->tune.why);
	return r;
}

static int loop(struct tuner *tuner, struct error *err)
{
	uint64_t now = root_monotonic_usec(tuner->root), next;
	uint64_t end = tuner->settings->for_usec > 0 ? now + tuner->settings->for_usec : UINT64_MAX;
	bool born = false;
	int r = 0;

	while (interrupt_signal() == 0 && now < end) {
		r = turn(tuner, born, err);
		if (r < 0)
			break;
		next = now + (tuner->tune.phase == TUNE_SWEEP ? SWEEP_LOOK_USEC : LOOK_USEC);
		r = observe_wait(tuner->observe, next < end ? next : end);
		born = r == 1 && take_births(tuner);
		now = root_monotonic_usec(tuner->root);
	}
	return r < 0 && r != -EINTR ? r : 0;
}

/* -- begin and end -------------------------------------------------------------------------------------------- */

static int open_eyes(struct tuner *tuner, struct error *err)
{
	struct observe_options options = { .watch = !tuner->settings->dry_run, .once = tuner->settings->dry_run,
					   .slow_scan_usec = SLOW_SCAN_USEC };
	int r;

	interrupt_catch();
	options.interrupt_fd = interrupt_fd() > 0 ? interrupt_fd() : 0;
	tuner->root = root_live_new();
	if (tuner->root == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	r = seen_new(tuner->root, &tuner->seen, err);
	if (r < 0)
		return r;
	tuner->observe = observe_new(tuner->root, &options, err);
	return tuner->observe != NULL ? 0 : err->code != 0 ? err->code : -ENOMEM;
}

static void close_eyes(struct tuner *tuner)
{
	observe_free(tuner->observe);
	seen_free(tuner->seen);
	root_free(tuner->root);
}

/* One signal kills from now on, should giving back take its time; the journal knows it all. */
static int give_back(struct tuner *tuner, struct error *err)
{
	char left[KSM_HOLD_SENTENCE], sentence[2 * KSM_HOLD_SENTENCE];
	int r = ksm_hold_close(tuner->hold, left, err);

	if (r < 0 || !tuner->tune.begun)
		return r;
	if (left[0] != '\0')
		snprintf(sentence, sizeof sentence, "KSM's settings are given back, but for one: %s", left);
	else
		snprintf(sentence, sizeof sentence, "KSM's settings are as they were found");
	return tell(tuner, "end", sentence);
}

static int tune(struct tuner *tuner, struct error *err)
{
	char told[KSM_HOLD_SENTENCE];
	struct error last = { 0 };
	int r, given_back;

	if (control_is_there(NULL))
		return error_set(err, -EBUSY, "truced runs here and has KSM's knobs in its hand: load the policy "
				 "ksm-tune into it, which does the same (truce policy load)");
	r = ksm_hold_open(tuner->root, tuner->settings->take_over, &tuner->hold, told, err);
	if (r < 0)
		return r;
	if (told[0] != '\0')
		verb_warn(tuner->verb, "%s", told);
	r = loop(tuner, err);
	given_back = give_back(tuner, r < 0 ? &last : err);
	if (r < 0 && given_back < 0 && last.code != 0)
		verb_warn(tuner->verb, "%s", last.text);
	return r < 0 ? r : given_back;
}

static int look_only(struct tuner *tuner, struct error *err)
{
	char rival[KSM_HOLD_SENTENCE], sentence[2 * KSM_HOLD_SENTENCE];
	int r = ksm_hold_rival(tuner->root, rival, err);

	if (r < 0)
		return r;
	if (r == 0)
		snprintf(sentence, sizeof sentence, "nothing is turned; this is what it would begin with");
	else
		snprintf(sentence, sizeof sentence, "nothing is turned; it would %s: %s",
			 tuner->settings->take_over ? "take over" : "be refused", rival);
	r = seen_look(tuner->seen, observe_snapshot(tuner->observe), &tuner->now, &tuner->found, err);
	if (r < 0)
		return r;
	tuner->begin = tuner->now;
	tune_next(&tuner->tune, &tuner->now);
	return tell(tuner, "phase", sentence);
}

static int ksm_tune_run(const struct verb *verb, const void *settings, char **operands)
{
	struct tuner tuner = { .verb = verb, .settings = settings };
	struct error err = { 0 };
	int r = parse_limits(&tuner);

	if (r != VERB_FINE)
		return r;
	tune_init(&tuner.tune, &tuner.limits);
	r = open_eyes(&tuner, &err);
	if (r == 0)
		r = tuner.settings->dry_run ? look_only(&tuner, &err) : tune(&tuner, &err);
	close_eyes(&tuner);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return VERB_FINE;
}

static const struct option_info options[] = {
	OPTION_DURATION(struct ksm_tune_settings, for_usec, 0, "for", "TIME", "end after that time"),
	OPTION_TEXT(struct ksm_tune_settings, cpu, 0, "cpu", "PERCENT",
		    "of one CPU for ksmd while there is much to merge (50)"),
	OPTION_TEXT(struct ksm_tune_settings, calm, 0, "calm", "PERCENT", "of one CPU once that is done (0.1)"),
	OPTION_TEXT(struct ksm_tune_settings, waiting, 0, "waiting", "PERCENT",
		    "stand still while somebody waits for a CPU in that part of the time (25); 100: never"),
	OPTION_FLAG(struct ksm_tune_settings, take_over, 0, "take-over",
		    "turn the knobs although somebody else does, and again when they do"),
	OPTION_FLAG(struct ksm_tune_settings, dry_run, 'n', "dry-run", "say what would be set first; turn nothing"),
	OPTION_FLAG(struct ksm_tune_settings, json, 0, "json", "print JSON, one object a line"),
	OPTIONS_END,
};

const struct verb ksm_tune_verb = {
	.name = "ksm tune",
	.summary = "merge fast while there is much to merge, and hardly at all when it is done",
	.notes = "Until --for is over or a signal ends it. A line is told at each change: sweep (all memory is\n"
		 "looked at twice), calm (next to nothing, until a VM is born or memory grows), yield (ksmd\n"
		 "stands still: others need the CPUs). KSM's settings are given back as they were found;\n"
		 "after a kill -9 truce undo host does that. What was merged stays merged.",
	.options = options,
	.settings_size = sizeof(struct ksm_tune_settings),
	.run = ksm_tune_run,
};
