/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/capture_files.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/vec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* Sums of two times stay far from overflow; it is the year 147,000. */
#define USEC_MOST (UINT64_MAX >> 2)

struct line {
	struct cursor at;
	unsigned number;
	const char *file;
};

static int line_refuse(const struct line *line, struct error *err, const char *what)
{
	return error_set(err, -EINVAL, "%s:%u: %s", line->file, line->number, what);
}

/* The next line that is not empty; comments begin with '#'. */
static bool line_next(struct cursor *bytes, struct line *line)
{
	while (cursor_take_line(bytes, &line->at)) {
		line->number++;
		cursor_skip_blanks(&line->at);
		if (!cursor_at_end(&line->at) && *line->at.at != '#')
			return true;
	}
	return false;
}

static bool line_take_number(struct line *line, uint64_t most, uint64_t *ret)
{
	return cursor_take_u64(&line->at, ret) && *ret <= most;
}

static bool line_take_pid(struct line *line, pid_t *ret)
{
	uint64_t number;

	if (!line_take_number(line, INT_MAX, &number) || number == 0)
		return false;
	*ret = (pid_t)number;
	return true;
}

static bool line_ends(struct line *line)
{
	cursor_skip_blanks(&line->at);
	return cursor_at_end(&line->at);
}

/* -- about */

static bool size_is_page(uint64_t size)
{
	return size >= 1024 && size <= 16u << 20 && (size & (size - 1)) == 0;
}

static int about_format(struct line *line, struct error *err)
{
	uint64_t format;

	if (!cursor_take_text(&line->at, CAPTURE_MAGIC " ") || !cursor_take_u64(&line->at, &format) ||
	    !line_ends(line))
		return error_set(err, -EINVAL, "%s is not of a capture made by `truce capture`",
				 line->file);
	if (format > CAPTURE_FORMAT)
		return error_set(err, -EPROTONOSUPPORT,
				 "%s: the capture has format %llu, this truce reads up to %d: "
				 "use a newer one",
				 line->file, (unsigned long long)format, CAPTURE_FORMAT);
	return format == 0 ? line_refuse(line, err, "there is no format 0") : 0;
}

static int about_line(struct capture_about *about, struct line *line, struct error *err)
{
	struct { const char *key; uint64_t most; uint64_t value; } fields[] = {
		{ "realtime_usec", USEC_MOST, about->realtime_usec },
		{ "monotonic_usec", USEC_MOST, about->monotonic_usec },
		{ "duration_usec", USEC_MOST, about->duration_usec },
		{ "ticks_per_second", 1000000, (uint64_t)about->ticks_per_second },
		{ "page_size", 16u << 20, (uint64_t)about->page_size },
	};
	const char *key;
	size_t size, i;

	if (!cursor_take_word(&line->at, &key, &size))
		return 0;
	for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strlen(fields[i].key) == size && memcmp(fields[i].key, key, size) == 0 &&
		    (!line_take_number(line, fields[i].most, &fields[i].value) || !line_ends(line)))
			return line_refuse(line, err, "a number belongs behind this key");
	about->realtime_usec = fields[0].value;
	about->monotonic_usec = fields[1].value;
	about->duration_usec = fields[2].value;
	about->ticks_per_second = (long)fields[3].value;
	about->page_size = (long)fields[4].value;
	return 0;
}

int capture_about_parse(struct capture_about *ret, const char *bytes, size_t size,
			const char *name, struct error *err)
{
	struct capture_about about = { .ticks_per_second = 100, .page_size = 4096 };
	struct cursor all = cursor_over(bytes, size);
	struct line line = { .file = name };
	int r;

	if (!line_next(&all, &line))
		return error_set(err, -EINVAL, "%s is empty", name);
	r = about_format(&line, err);
	while (r == 0 && line_next(&all, &line))
		r = about_line(&about, &line, err);
	if (r < 0)
		return r;
	if (about.ticks_per_second == 0 || !size_is_page((uint64_t)about.page_size))
		return error_set(err, -EINVAL, "%s: ticks_per_second or page_size is no kernel's",
				 name);
	*ret = about;
	return 0;
}

/* -- events */

static struct capture_life *events_last_life(const struct capture_events *events, uint64_t key)
{
	size_t index = (size_t)map_get(&events->last_life, key);

	return index != 0 ? &events->lives[index - 1] : NULL;
}

static bool events_add_life(struct capture_events *events, uint64_t key, uint64_t born,
			    uint64_t gone)
{
	size_t earlier = (size_t)map_get(&events->last_life, key);

	if (!VEC_RESERVE(events->lives, events->life_capacity, events->life_count + 1))
		return false;
	events->lives[events->life_count++] =
		(struct capture_life){ .born_usec = born, .gone_usec = gone, .earlier = earlier };
	return map_put(&events->last_life, key, (void *)events->life_count);
}

static bool events_begin_life(struct capture_events *events, uint64_t key, uint64_t usec)
{
	const struct capture_life *last = events_last_life(events, key);

	if (last != NULL && last->gone_usec == UINT64_MAX)
		return true;
	return events_add_life(events, key, usec, UINT64_MAX);
}

static bool events_was_there(struct capture_events *events, uint64_t key)
{
	return events_last_life(events, key) != NULL || events_add_life(events, key, 0, UINT64_MAX);
}

/* What ends without having begun was there from the start. */
static bool events_end_life(struct capture_events *events, uint64_t key, uint64_t usec)
{
	struct capture_life *last = events_last_life(events, key);

	if (last == NULL)
		return events_add_life(events, key, 0, usec);
	if (last->gone_usec == UINT64_MAX)
		last->gone_usec = usec;
	return true;
}

static bool events_add(struct capture_events *events, const struct root_event *event)
{
	if (!VEC_RESERVE(events->events, events->event_capacity, events->event_count + 1))
		return false;
	events->events[events->event_count++] = *event;
	return true;
}

enum word { WORD_START, WORD_EXIT, WORD_CREATE, WORD_DESTROY, WORD_UNKNOWN };

static enum word line_take_event_word(struct line *line)
{
	static const char *const words[] = { "start", "exit", "create", "destroy" };
	const char *word;
	size_t size, i;

	if (!cursor_take_word(&line->at, &word, &size))
		return WORD_UNKNOWN;
	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == size && memcmp(words[i], word, size) == 0)
			return (enum word)i;
	return WORD_UNKNOWN;
}

/* A process begins or ends. Its beginning is no event: only what is there changes. */
static int events_process_line(struct capture_events *events, struct line *line, enum word word,
			       uint64_t usec, struct error *err)
{
	struct root_event event = { .kind = ROOT_EVENT_EXIT, .monotonic_usec = usec, .vm_fd = -1 };
	bool kept;

	if (!line_take_pid(line, &event.tid) || !line_ends(line))
		return line_refuse(line, err, "a process id, and nothing more, belongs here");
	if (word == WORD_START)
		kept = events_begin_life(events, capture_key(event.tid, -1), usec);
	else
		kept = events_end_life(events, capture_key(event.tid, -1), usec) &&
		       events_add(events, &event);
	return kept ? 0 : -ENOMEM;
}

/* A VM begins or ends: "TID FD [PID]". A process that no line named before is born by its
 * first VM. */
static int events_vm_line(struct capture_events *events, struct line *line, enum word word,
			  uint64_t usec, struct error *err)
{
	struct root_event event = { .monotonic_usec = usec };
	uint64_t fd;
	pid_t pid;
	bool kept;

	if (!line_take_pid(line, &event.tid) || !line_take_number(line, INT_MAX - 1, &fd))
		return line_refuse(line, err, "a thread id and a descriptor belong here");
	pid = event.tid;
	if (!line_ends(line) && (!line_take_pid(line, &pid) || !line_ends(line)))
		return line_refuse(line, err, "behind the descriptor only a process id may stand");
	event.kind = word == WORD_CREATE ? ROOT_EVENT_CREATE : ROOT_EVENT_DESTROY;
	event.stats_tid = event.tid;
	event.vm_fd = (int)fd;
	kept = pid == event.tid ||
	       map_put(&events->thread_process, (uint64_t)event.tid, (void *)(intptr_t)pid);
	if (word == WORD_CREATE)
		kept = kept && events_begin_life(events, capture_key(pid, -1), usec) &&
		       events_begin_life(events, capture_key(pid, (int)fd), usec);
	else
		kept = kept && events_was_there(events, capture_key(pid, -1)) &&
		       events_end_life(events, capture_key(pid, (int)fd), usec);
	return kept && events_add(events, &event) ? 0 : -ENOMEM;
}

static int events_line(struct capture_events *events, struct line *line, uint64_t *latest,
		       struct error *err)
{
	uint64_t usec;
	enum word word;

	if (!line_take_number(line, USEC_MOST, &usec))
		return line_refuse(line, err, "a line begins with its time in microseconds");
	if (usec < *latest)
		return line_refuse(line, err, "this is earlier than the line before");
	*latest = usec;
	word = line_take_event_word(line);
	if (word == WORD_UNKNOWN)
		return 0;
	if (word == WORD_CREATE || word == WORD_DESTROY)
		return events_vm_line(events, line, word, usec, err);
	return events_process_line(events, line, word, usec, err);
}

int capture_events_parse(struct capture_events *ret, const char *bytes, size_t size,
			 const char *name, struct error *err)
{
	struct capture_events events = { .events = NULL };
	struct cursor all = cursor_over(bytes, size);
	struct line line = { .file = name };
	uint64_t latest = 0;
	int r = 0;

	map_init(&events.last_life);
	map_init(&events.thread_process);
	while (r == 0 && line_next(&all, &line))
		r = events_line(&events, &line, &latest, err);
	if (r < 0) {
		capture_events_done(&events);
		return r == -ENOMEM ? error_errno(err, r, "%s", name) : r;
	}
	*ret = events;
	return 0;
}

void capture_events_done(struct capture_events *events)
{
	free(events->events);
	free(events->lives);
	map_done(&events->last_life);
	map_done(&events->thread_process);
	*events = (struct capture_events){ .events = NULL };
}

bool capture_is_there(const struct capture_events *events, pid_t pid, int fd, uint64_t usec)
{
	const struct capture_life *life = events_last_life(events, capture_key(pid, fd));

	if (life == NULL)
		return true;
	while (usec < life->born_usec && life->earlier != 0)
		life = &events->lives[life->earlier - 1];
	return usec >= life->born_usec && usec < life->gone_usec;
}

/* -- same-files */

/* A line continues an earlier one when its first pair stands there. */
static int same_files_line(struct map *groups, struct line *line, struct error *err)
{
	void *group = NULL;

	while (!line_ends(line)) {
		uint64_t fd;
		pid_t pid;

		if (!line_take_pid(line, &pid) || !cursor_take_text(&line->at, "/") ||
		    !line_take_number(line, INT_MAX - 1, &fd))
			return line_refuse(line, err, "PID/FD pairs belong here");
		if (group == NULL)
			group = map_get(groups, capture_key(pid, (int)fd));
		if (group == NULL)
			group = (void *)(uintptr_t)line->number;
		if (!map_put(groups, capture_key(pid, (int)fd), group))
			return error_errno(err, -ENOMEM, "%s", line->file);
	}
	return 0;
}

int capture_same_files_parse(struct map *ret, const char *bytes, size_t size, const char *name,
			     struct error *err)
{
	struct cursor all = cursor_over(bytes, size);
	struct line line = { .file = name };
	struct map groups;
	int r = 0;

	map_init(&groups);
	while (r == 0 && line_next(&all, &line))
		r = same_files_line(&groups, &line, err);
	if (r < 0) {
		map_done(&groups);
		return r;
	}
	*ret = groups;
	return 0;
}
