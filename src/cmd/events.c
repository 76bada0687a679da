/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce events: one line an event, as it happens. */
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/source.h"
#include "cmd/verb.h"
#include "cmd/warnings.h"
#include "model/snapshot.h"
#include "report/event_text.h"
#include "report/json.h"

#include <errno.h>

struct events_settings {
	bool json;
	const char *root, *replay;
	uint64_t for_usec, interval_usec;
};

struct events {
	const struct verb *verb;
	const struct events_settings *settings;
	struct source *source;
	struct str text;
	uint64_t end_usec; /* monotonic, of the source; 0: none */
	bool partly;
};

static void append_json(struct events *events, const struct event *event)
{
	struct json json;

	json_begin(&json, &events->text);
	event_append_json(event, &json);
	str_append_char(&events->text, '\n');
}

/* All events of a snapshot in one write: whoever reads sees whole lines. */
static int print(struct events *events, const struct snapshot *snapshot)
{
	size_t i;

	str_clear(&events->text);
	for (i = 0; i < snapshot->event_count; i++) {
		if (events->settings->json)
			append_json(events, &snapshot->events[i]);
		else
			event_append_line(&snapshot->events[i], &events->text);
	}
	if (events->text.length == 0 && !events->text.failed)
		return VERB_FINE;
	return verb_print(events->verb, &events->text);
}

static bool time_is_up(struct events *events, const struct snapshot *snapshot)
{
	if (events->settings->for_usec == 0)
		return false;
	if (events->end_usec == 0)
		events->end_usec = snapshot->monotonic_usec + events->settings->for_usec;
	return snapshot->monotonic_usec >= events->end_usec;
}

static int follow(struct events *events, struct error *err)
{
	const struct snapshot *snapshot;
	int r, printed = VERB_FINE;

	while (printed == VERB_FINE && (r = source_next_events(events->source, &snapshot, err)) == 1) {
		printed = print(events, snapshot);
		events->partly |= warnings_tell(events->verb, events->source);
		if (time_is_up(events, snapshot))
			return 0;
	}
	events->partly |= warnings_tell(events->verb, events->source);
	return printed == VERB_FINE ? r : -EIO;
}

static int events_run(const struct verb *verb, const void *settings, char **operands)
{
	struct events events = { .verb = verb, .settings = settings };
	struct source_spec spec = {
		.root = events.settings->root,
		.replay = events.settings->replay,
		.interval_usec = events.settings->interval_usec,
		.watch = true,
	};
	struct error err = { 0 };
	int r;

	if (events.settings->for_usec != 0 && events.settings->for_usec < spec.interval_usec)
		spec.interval_usec = events.settings->for_usec;
	r = source_open(&spec, &events.source, &err);
	if (r < 0)
		return verb_fail(verb, &err);
	str_init(&events.text);
	r = follow(&events, &err);
	str_done(&events.text);
	source_close(events.source);
	if (r < 0)
		return err.code != 0 ? verb_fail(verb, &err) : VERB_FAILED;
	return events.partly ? VERB_PARTLY : VERB_FINE;
}

static const struct events_settings events_defaults = { .interval_usec = USEC_PER_SEC };

static const struct option_info events_options[] = {
	OPTION_FLAG(struct events_settings, json, 0, "json", "print JSON, one object a line"),
	OPTION_DURATION(struct events_settings, for_usec, 0, "for", "TIME", "end after that time"),
	OPTION_INTERVAL(struct events_settings, interval_usec,
			"how often to look for changed knobs and names (1s)"),
	OPTION_REPLAY(struct events_settings, replay),
	OPTION_ROOT(struct events_settings, root),
	OPTIONS_END,
};

const struct verb events_verb = {
	.name = "events",
	.summary = "births and deaths of VMs, and knobs that somebody changed, as they happen",
	.notes = "A line is: time, what, VM, its id, and more about it. Births, deaths and new vCPUs come\n"
		 "at once; names and knobs when they are looked at. A recording or a captured host is\n"
		 "told from its beginning to its end.",
	.options = events_options,
	.settings_size = sizeof(struct events_settings),
	.defaults = &events_defaults,
	.run = events_run,
};
