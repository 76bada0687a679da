/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/uevent.h"

#include "base/cursor.h"

/* The value of KEY= when this entry is it. */
static bool entry_value(struct cursor entry, const char *key, struct cursor *ret)
{
	if (!cursor_take_text(&entry, key))
		return false;
	*ret = entry;
	return true;
}

static bool entry_number(struct cursor value, int *ret)
{
	uint64_t number;

	if (!cursor_take_u64(&value, &number) || number > INT32_MAX)
		return false;
	*ret = (int)number;
	return true;
}

/* STATS_PATH is "/kvm/TID-FD", or "/kvm" with nothing behind it when debugfs is off. */
static void parse_stats_path(struct cursor value, struct root_event *event)
{
	const char *at = value.end;
	int tid, fd;

	while (at > value.at && at[-1] != '/')
		at--;
	value.at = at;
	if (!entry_number(value, &tid))
		return;
	while (value.at < value.end && *value.at != '-')
		value.at++;
	if (!cursor_take_text(&value, "-") || !entry_number(value, &fd))
		return;
	event->stats_tid = tid;
	event->vm_fd = fd;
}

bool uevent_parse(const char *bytes, size_t size, struct root_event *ret)
{
	struct root_event event = { .tid = 0, .vm_fd = -1, .stats_tid = 0 };
	struct cursor all = cursor_over(bytes, size);
	bool is_kvm = false, has_kind = false;

	while (!cursor_at_end(&all)) {
		const char *nul = memchr(all.at, '\0', cursor_left(&all));
		struct cursor entry = { all.at, nul != NULL ? nul : all.end }, value;

		all.at = nul != NULL ? nul + 1 : all.end;
		if (entry_value(entry, "DEVPATH=/devices/virtual/misc/kvm", &value)) {
			is_kvm = cursor_at_end(&value);
		} else if (entry_value(entry, "EVENT=", &value)) {
			has_kind = cursor_left(&value) == 6 || cursor_left(&value) == 7;
			if (cursor_take_text(&value, "create"))
				event.kind = ROOT_EVENT_CREATE;
			else if (cursor_take_text(&value, "destroy"))
				event.kind = ROOT_EVENT_DESTROY;
			else
				has_kind = false;
		} else if (entry_value(entry, "PID=", &value)) {
			entry_number(value, &event.tid);
		} else if (entry_value(entry, "STATS_PATH=", &value)) {
			parse_stats_path(value, &event);
		}
	}
	if (!is_kvm || !has_kind || event.tid <= 0)
		return false;
	*ret = event;
	return true;
}
