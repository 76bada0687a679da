/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce top: the live view. What is drawn is decided in report/top_view.h, what a key does in
 * report/top_state.h; here is the loop around them. */
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cmd/interrupt.h"
#include "cmd/need.h"
#include "cmd/source.h"
#include "cmd/terminal.h"
#include "cmd/told.h"
#include "cmd/top_replay.h"
#include "cmd/top_terminal.h"
#include "cmd/verb.h"
#include "cmd/warnings.h"
#include "report/top_view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Rates come that soon after the start, however long the interval. */
#define FIRST_INTERVAL_USEC 200000
#define BATCH_WIDTH 132
#define TOLD_USEC 200000 /* that a batch waits for truced: the screen does not */

struct top_settings {
	const char *root, *replay, *with;
	uint64_t interval_usec, batch;
	bool once;
};

struct top {
	const struct verb *verb;
	struct source *source;
	struct rates rates;
	struct top_rows rows;
	struct top_state state;
	struct screen screen;
	struct told *told; /* NULL: not this machine as it is now */
	bool frozen; /* a captured host: no rates, all its counters stand still */
	bool ended;  /* of the recording */
	bool keys_came;
	bool partly;
};

static void say(struct top *top, const char *sentence)
{
	text_copy(top->state.message, sizeof top->state.message, sentence, strlen(sentence));
}

/* The policies' columns are shown from the first answer on, while nobody has chosen others. */
static void take_told(struct top *top, uint64_t wait_usec)
{
	bool first = top->rows.told == NULL;

	if (top->told == NULL)
		return;
	told_take(top->told, wait_usec);
	told_fill(top->told, &top->rates.now);
	top->rows.told = told_vms(top->told);
	if (first && top->rows.told != NULL && top->state.set == 0 && !top->keys_came)
		top->state.set = TOP_SET_POLICY;
	if (top->rows.told == NULL && top->state.set == TOP_SET_POLICY)
		top->state.set = 0;
	told_ask(top->told);
}

static int show(struct top *top, const struct snapshot *snapshot, uint64_t wait_usec,
		struct error *err)
{
	if (top->frozen)
		rates_reset(&top->rates);
	if (rates_advance(&top->rates, snapshot) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	take_told(top, wait_usec);
	return 0;
}

/* At the end of a recording the last snapshot stays. */
static int take(struct top *top, struct error *err)
{
	const struct snapshot *snapshot;
	const char *warning;
	int r = source_take(top->source, &snapshot, err);

	if (r == 1)
		r = show(top, snapshot, 0, err);
	else if (r == 0 && top->state.replay) {
		top->state.paused = top->ended = true;
		say(top, "the recording ends here");
	}
	warning = source_warning(top->source);
	if (warning != NULL) {
		say(top, warning);
		top->partly = true;
	}
	return r;
}

static int build(struct top *top, struct error *err)
{
	if (top_rows_build(&top->rows, &top->rates, &top->state) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int draw(struct top *top, struct error *err)
{
	struct top_layout layout;
	size_t width, height;
	int r = build(top, err);

	if (r < 0)
		return r;
	top_terminal_size(&width, &height);
	top_view(&top->rates, &top->rows, &top->state, width, height, &top->screen, &layout);
	top->state.first = layout.first;
	top->state.page = layout.page;
	top->state.scroll = layout.scroll;
	top_terminal_paint(&top->screen);
	return 0;
}

/* 1: go on, 0: the user is done. */
static int act(struct top *top, enum top_action action, struct error *err)
{
	int r = 0;

	switch (action) {
	case TOP_QUIT:
		return 0;
	case TOP_STEP_FORWARD:
		r = take(top, err);
		break;
	case TOP_STEP_BACK:
		r = top_replay_jump(top->source, &top->rates, top->rates.now.realtime_usec - 1, err);
		break;
	case TOP_JUMP:
		r = top_replay_jump(top->source, &top->rates, top->state.jump_usec, err);
		break;
	case TOP_INTERVAL:
		source_set_interval(top->source, top->state.interval_usec);
		break;
	case TOP_GO_ON:
		break;
	}
	return r < 0 ? r : 1;
}

/* All keys that are there, each on the screen that the one before has left. */
static int take_keys(struct top *top, struct error *err)
{
	int key, r = 1;
	bool any = false;

	while (r == 1 && (key = top_terminal_key()) != TOP_KEY_NONE) {
		any = top->keys_came = true;
		r = act(top, top_key(&top->state, key, &top->rows, top->rates.now.realtime_usec), err);
		if (r == 1 && build(top, err) < 0)
			r = -ENOMEM;
	}
	return r == 1 && !any && top_terminal_is_gone() ? 0 : r;
}

/* 1: go on, 0: done. */
static int turn(struct top *top, struct error *err)
{
	int r = draw(top, err);
	int due;

	if (r < 0)
		return r;
	due = source_wait(top->source, top_terminal_fd());
	if (interrupt_signal() != 0)
		return 0;
	r = take_keys(top, err);
	if (r <= 0 || !due)
		return r;
	if (top->state.paused) {
		source_set_interval(top->source, top->state.interval_usec);
		return 1;
	}
	r = take(top, err);
	source_set_interval(top->source, top->state.interval_usec);
	return r < 0 ? r : 1;
}

static int run_interactive(struct top *top, struct error *err)
{
	int r = top_terminal_open(err);

	top->state.paused = top->state.replay;
	if (r == 0)
		r = take(top, err);
	if (r >= 0 && top->state.replay)
		r = take(top, err);
	if (r >= 0 && top->state.interval_usec > FIRST_INTERVAL_USEC && !top->frozen)
		source_set_interval(top->source, FIRST_INTERVAL_USEC);
	if (r >= 0)
		do {
			r = turn(top, err);
		} while (r == 1);
	top_terminal_close();
	return r;
}

static int print(struct top *top, struct error *err)
{
	size_t width = terminal_width();
	struct str text;
	int r = build(top, err);

	if (r < 0)
		return r;
	top_view_batch(&top->rates, &top->rows, &top->state, width != 0 ? width : BATCH_WIDTH,
		       &top->screen);
	str_init(&text);
	screen_append(&top->screen, &text);
	str_append_char(&text, '\n');
	r = verb_print(top->verb, &text) == VERB_FINE ? 0 : -EIO;
	str_done(&text);
	return r;
}

static int next(struct top *top, struct error *err)
{
	const struct snapshot *snapshot;
	int r = source_next(top->source, &snapshot, err);

	if (r == 1) {
		r = show(top, snapshot, TOLD_USEC, err);
		r = r < 0 ? r : 1;
	}
	top->partly |= warnings_tell(top->verb, top->source);
	return r;
}

/* The first look gives no rates and is not printed. */
static int run_batch(struct top *top, uint64_t count, struct error *err)
{
	int r = next(top, err);

	while (r == 1 && count-- > 0) {
		r = top->frozen ? 1 : next(top, err);
		if (r == 1 && print(top, err) < 0)
			r = err->code != 0 ? err->code : -EIO;
	}
	return r;
}

static int top_open(struct top *top, const struct top_settings *settings,
		    const struct source_spec *spec, struct error *err)
{
	rates_init(&top->rates);
	screen_init(&top->screen);
	top_state_init(&top->state);
	top->state.interval_usec = settings->interval_usec;
	top->state.replay = settings->replay != NULL;
	top->frozen = settings->root != NULL;
	if (settings->root == NULL && settings->replay == NULL) {
		top->told = told_new();
		if (top->told != NULL)
			told_ask(top->told);
	}
	return source_open(spec, &top->source, err);
}

static void top_done(struct top *top)
{
	source_close(top->source);
	told_free(top->told);
	rates_done(&top->rates);
	screen_done(&top->screen);
	top_rows_done(&top->rows);
}

static int top_run(const struct verb *verb, const void *settings_given, char **operands)
{
	const struct top_settings *settings = settings_given;
	uint64_t batch = settings->once ? 1 : settings->batch;
	struct source_spec spec = {
		.root = settings->root,
		.replay = settings->replay,
		.interval_usec = settings->interval_usec,
		.watch = true,
	};
	struct top top = { .verb = verb };
	struct error err = { 0 };
	int r;

	if (settings->interval_usec < TOP_INTERVAL_LEAST_USEC)
		return verb_misuse(verb, "--interval takes 100ms or more");
	if (need_parse(settings->with, &spec, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	r = top_open(&top, settings, &spec, &err);
	if (r == 0)
		r = batch > 0 ? run_batch(&top, batch, &err) : run_interactive(&top, &err);
	top_done(&top);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return batch > 0 && top.partly ? VERB_PARTLY : VERB_FINE;
}

static const struct top_settings top_defaults = { .interval_usec = USEC_PER_SEC };

static const struct option_info top_options[] = {
	OPTION_INTERVAL(struct top_settings, interval_usec, "between two looks (1s)"),
	OPTION_COUNT(struct top_settings, batch, 'b', "batch", "N", "print N times as plain text and end"),
	OPTION_FLAG(struct top_settings, once, '1', "once", "as --batch 1"),
	OPTION_WITH(struct top_settings, with),
	OPTION_REPLAY(struct top_settings, replay),
	OPTION_ROOT(struct top_settings, root),
	OPTIONS_END,
};

const struct verb top_verb = {
	.name = "top",
	.summary = "the live view of the host, its VMs and their threads",
	.notes = "Keys: arrows, PgUp, PgDn, Home, End move; Enter shows a VM's vCPUs and threads;\n"
		 "P M T W N U sort by CPU, memory, time, waiting, pid, hurt; < > F6 by another column;\n"
		 "r the other way round; / filters; c shows other columns; Space pauses; d changes the\n"
		 "interval; h helps; q ends. In a recording left and right step, g goes to a time.\n"
		 "NO_COLOR in the environment turns colours off.",
	.options = top_options,
	.settings_size = sizeof(struct top_settings),
	.defaults = &top_defaults,
	.run = top_run,
};
