/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce ksm watch: page sharing as it changes; live, as lines of JSON, into a file, and out of it. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/interrupt.h"
#include "cmd/ksm.h"
#include "cmd/ksm_look.h"
#include "cmd/ksm_screen.h"
#include "cmd/source.h"
#include "cmd/terminal.h"
#include "cmd/top_terminal.h"
#include "cmd/verb.h"
#include "cmd/vm_select.h"
#include "cmd/warnings.h"
#include "ksm/status_cells.h"
#include "report/top_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_USEC (10 * USEC_PER_SEC)
enum { HEAD_LINES = 4 }; /* above the table's headings */

struct ksm_watch_settings {
	uint64_t interval_usec, samples;
	bool json, frames;
	const char *record, *replay;
};

struct watch {
	const struct verb *verb;
	const struct ksm_watch_settings *settings;
	struct ksm_look look;
	struct status before; /* the sample before this one; empty at first */
	struct str line;
	int record_fd;
	uint64_t count;
	size_t first;         /* row on the screen */
	bool partly;
};

static const struct ksm_watch_settings defaults = { .interval_usec = 2 * USEC_PER_SEC };

static const struct option_info options[] = {
	OPTION_INTERVAL(struct ksm_watch_settings, interval_usec, "between two samples (2s)"),
	OPTION_COUNT(struct ksm_watch_settings, samples, 'n', "samples", "N", "end after N samples"),
	OPTION_FLAG(struct ksm_watch_settings, frames, 0, "frames",
		    "look at frames as well: who shares with whom, each time"),
	OPTION_FLAG(struct ksm_watch_settings, json, 0, "json", "print a line of JSON a sample"),
	OPTION_TEXT(struct ksm_watch_settings, record, 0, "record", "FILE",
		    "write the samples into FILE, a new one, as lines of JSON"),
	OPTION_TEXT(struct ksm_watch_settings, replay, 0, "replay", "FILE",
		    "show the samples of FILE, not this machine's"),
	OPTIONS_END,
};

/* -- one sample ----------------------------------------------------------------------------------- */

static int write_line(int fd, const struct str *line)
{
	size_t done = 0;
	ssize_t written;

	while (done < line->length) {
		written = write(fd, line->data + done, line->length - done);
		if (written < 0 && errno != EINTR)
			return -errno;
		done += written > 0 ? (size_t)written : 0;
	}
	return 0;
}

static int record(struct watch *watch, struct error *err)
{
	int r;

	if (watch->record_fd < 0)
		return 0;
	str_clear(&watch->line);
	status_append_json(&watch->look.status, watch->look.wanted, &watch->line);
	r = watch->line.failed ? -ENOMEM : write_line(watch->record_fd, &watch->line);
	return r < 0 ? error_errno(err, r, "%s", watch->settings->record) : 0;
}

static const struct status *before_of(const struct watch *watch)
{
	return watch->before.monotonic_usec != 0 ? &watch->before : NULL;
}

static int print(struct watch *watch)
{
	size_t width = terminal_is_output() ? terminal_width() : 0;

	str_clear(&watch->line);
	if (watch->settings->json) {
		status_append_json(&watch->look.status, watch->look.wanted, &watch->line);
	} else {
		status_append_live(before_of(watch), &watch->look.status, watch->look.wanted, 0, width,
				   &watch->line);
		str_append_char(&watch->line, '\n');
	}
	return verb_print(watch->verb, &watch->line) == VERB_FINE ? 0 : -EIO;
}

/* What is shown now is what the next one is compared with. */
static void keep(struct watch *watch)
{
	struct status old = watch->before;

	watch->before = watch->look.status;
	watch->look.status = old;
}

static bool is_last(struct watch *watch)
{
	return watch->settings->samples != 0 && watch->count >= watch->settings->samples;
}

/* -- plain lines ---------------------------------------------------------------------------------- */

static int run_plain(struct watch *watch, struct error *err)
{
	int r;

	do {
		r = ksm_look_next(&watch->look, err);
		if (r != 1)
			return r;
		if (watch->count++ == 0)
			r = vm_select_check(&watch->look.rates.now, watch->look.names, err);
		watch->partly |= warnings_tell(watch->verb, watch->look.source);
		if (r >= 0)
			r = record(watch, err);
		if (r >= 0)
			r = print(watch);
		if (r < 0)
			return r;
		keep(watch);
	} while (!is_last(watch));
	return 0;
}

/* -- live ----------------------------------------------------------------------------------------- */

static void paint(struct watch *watch, const struct status *before, const struct status *now)
{
	size_t width, height;

	top_terminal_size(&width, &height);
	str_clear(&watch->line);
	status_append_live(before, now, watch->look.wanted, watch->first, width, &watch->line);
	ksm_screen_paint(watch->line.data, HEAD_LINES);
}

/* 1: go on, 0: the user is done. */
static int take_keys(struct watch *watch)
{
	size_t rows = watch->look.status.vm_count;
	bool any = false;
	int key;

	while ((key = top_terminal_key()) != TOP_KEY_NONE) {
		any = true;
		if (key == 'q' || key == TOP_KEY_F10 || key == TOP_KEY_ESCAPE)
			return 0;
		if ((key == TOP_KEY_DOWN || key == 'j') && watch->first + 1 < rows)
			watch->first++;
		if ((key == TOP_KEY_UP || key == 'k') && watch->first > 0)
			watch->first--;
		if (key == TOP_KEY_HOME)
			watch->first = 0;
	}
	return any || !top_terminal_is_gone();
}

static int turn(struct watch *watch, struct error *err)
{
	int due = source_wait(watch->look.source, top_terminal_fd()), r;

	if (interrupt_signal() != 0 || take_keys(watch) == 0)
		return 0;
	if (!due)
		return 1;
	keep(watch);
	r = ksm_look_take(&watch->look, err);
	if (r == 1)
		r = record(watch, err) < 0 ? err->code : 1;
	source_set_interval(watch->look.source, watch->settings->interval_usec);
	watch->count += r == 1;
	return r;
}

static int run_live(struct watch *watch, struct error *err)
{
	int r = ksm_look_next(&watch->look, err);

	if (r == 1 && vm_select_check(&watch->look.rates.now, watch->look.names, err) < 0)
		r = err->code;
	if (r == 1 && record(watch, err) < 0)
		r = err->code;
	watch->count = 1;
	if (r != 1 || is_last(watch))
		return r < 0 ? r : print(watch);
	r = top_terminal_open(err);
	if (r < 0)
		return r;
	do {
		paint(watch, before_of(watch), &watch->look.status);
		r = is_last(watch) ? 0 : turn(watch, err);
	} while (r == 1);
	top_terminal_close();
	return r;
}

/* -- a recording ---------------------------------------------------------------------------------- */

static void choose(struct watch *watch)
{
	struct status *status = &watch->look.status;
	char *const *name;
	size_t i;

	free(watch->look.wanted);
	watch->look.wanted = NULL;
	if (*watch->look.names == NULL)
		return;
	watch->look.wanted = calloc(status->vm_count + 1, sizeof *watch->look.wanted);
	for (i = 0; watch->look.wanted != NULL && i < status->vm_count; i++)
		for (name = watch->look.names; *name != NULL; name++)
			watch->look.wanted[i] |= strcmp(*name, status_vm_name(&status->vms[i])) == 0 ||
						 strcmp(*name, status->vms[i].id) == 0;
}

/* A line that is no sample is said and passed over: the last one may be cut. */
static int replay_line(struct watch *watch, const char *line, size_t size, uint64_t number)
{
	struct error err = { 0 };

	if (status_parse(line, size, &watch->look.status, &err) < 0) {
		verb_warn(watch->verb, "%s:%llu: %s", watch->settings->replay,
			  (unsigned long long)number, err.text);
		watch->partly = true;
		return 0;
	}
	choose(watch);
	watch->count++;
	if (print(watch) < 0)
		return -EIO;
	keep(watch);
	return 0;
}

static int run_replay(struct watch *watch, struct error *err)
{
	CLEANUP_FCLOSE FILE *file = fopen(watch->settings->replay, "re");
	CLEANUP_FREE char *line = NULL;
	uint64_t number = 0;
	size_t capacity = 0;
	ssize_t size;
	int r = 0;

	if (file == NULL)
		return error_errno(err, -errno, "%s", watch->settings->replay);
	while (r == 0 && !is_last(watch) && (size = getline(&line, &capacity, file)) > 0)
		r = replay_line(watch, line, (size_t)size, ++number);
	if (ferror(file))
		return error_errno(err, -EIO, "%s", watch->settings->replay);
	if (r == 0 && watch->count == 0)
		return error_set(err, -EINVAL, "%s has no sample that truce ksm watch --record wrote",
				 watch->settings->replay);
	return r;
}

/* -- the verb ------------------------------------------------------------------------------------- */

static int open_record(struct watch *watch, struct error *err)
{
	const char *path = watch->settings->record;

	if (path == NULL)
		return 0;
	watch->record_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
	if (watch->record_fd < 0 && errno == EEXIST)
		return error_set(err, -EEXIST, "%s is there already; name a new file", path);
	return watch->record_fd < 0 ? error_errno(err, -errno, "%s", path) : 0;
}

static int run_host(struct watch *watch, char **operands, struct error *err)
{
	int r = ksm_look_open(&watch->look, NULL, watch->settings->interval_usec, operands, err);

	if (r < 0)
		return r;
	watch->look.options.with_areas = watch->look.options.with_frames = watch->settings->frames;
	watch->look.options.frames_usec = FRAMES_USEC;
	r = open_record(watch, err);
	if (r < 0)
		return r;
	return terminal_is_output() && isatty(STDIN_FILENO) != 0 && !watch->settings->json ?
		run_live(watch, err) : run_plain(watch, err);
}

static int ksm_watch_run(const struct verb *verb, const void *settings, char **operands)
{
	struct watch watch = { .verb = verb, .settings = settings, .record_fd = -1 };
	struct error err = { 0 };
	int r;

	if (watch.settings->record != NULL && watch.settings->replay != NULL)
		return verb_misuse(verb, "--record and --replay do not go together");
	status_init(&watch.before);
	str_init(&watch.line);
	if (watch.settings->replay != NULL) {
		status_init(&watch.look.status);
		watch.look.names = operands;
		r = run_replay(&watch, &err);
		status_done(&watch.look.status);
		free(watch.look.wanted);
	} else {
		r = run_host(&watch, operands, &err);
		ksm_look_close(&watch.look);
	}
	status_done(&watch.before);
	str_done(&watch.line);
	if (watch.record_fd >= 0 && close(watch.record_fd) < 0 && r >= 0)
		r = error_errno(&err, -errno, "%s", watch.settings->record);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return watch.partly ? VERB_PARTLY : VERB_FINE;
}

const struct verb ksm_watch_verb = {
	.name = "ksm watch",
	.operands = "[VM...]",
	.most_operands = OPERANDS_ANY,
	.summary = "page sharing as it changes, live or as a recording",
	.notes = "On a terminal q ends, arrows scroll; elsewhere a table is printed for each sample.\n"
		 "MERGED and ZERO are memory, A SECOND is what is merged more (or less) each second. Frames\n"
		 "are looked at only with --frames: that is dear, and needs root. A recording can be shown\n"
		 "again with --replay, whole or of some VMs, and is lines of JSON for any other program.",
	.options = options,
	.settings_size = sizeof(struct ksm_watch_settings),
	.defaults = &defaults,
	.run = ksm_watch_run,
};
