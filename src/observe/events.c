/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events wait in the observer until the next tick hands them to the snapshot. */
#include "observe/observer.h"

#include "base/text.h"
#include "base/vec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A host where nobody fetches events must not fill the memory. */
#define PENDING_LIMIT 65536

void observe_event(struct observe *observe, enum event_kind kind, const struct vm *vm,
		   const char *format, ...)
{
	struct event *event;
	va_list args;

	if (observe->pending_count >= PENDING_LIMIT ||
	    !VEC_RESERVE(observe->pending, observe->pending_capacity, observe->pending_count + 1))
		return;
	event = &observe->pending[observe->pending_count++];
	memset(event, 0, sizeof *event);
	event->kind = kind;
	event->realtime_usec = root_realtime_usec(observe->root);
	if (vm != NULL) {
		event->identity = vm->identity;
		if (vm->text[VM_TEXT_NAME] != NULL)
			text_copy(event->name, sizeof event->name, vm->text[VM_TEXT_NAME],
				  strlen(vm->text[VM_TEXT_NAME]));
	}
	va_start(args, format);
	vsnprintf(event->detail, sizeof event->detail, format, args);
	va_end(args);
}

static void knob_value(struct object_view view, size_t index, char *ret, size_t size)
{
	if (view.value[index] == INT64_MAX)
		snprintf(ret, size, "max");
	else
		snprintf(ret, size, "%lld", (long long)view.value[index]);
}

void observe_knob_events(struct observe *observe, const struct vm *vm, const char *prefix,
			 struct object_view before, struct object_view now)
{
	size_t i;

	for (i = 0; i < now.info->figure_count; i++) {
		char from[24], to[24];

		/* What becomes known, or is no longer to be read, nobody has turned. */
		if (now.info->figures[i].kind != KIND_KNOB ||
		    before.state[i] != FIGURE_PRESENT || now.state[i] != FIGURE_PRESENT ||
		    before.value[i] == now.value[i])
			continue;
		knob_value(before, i, from, sizeof from);
		knob_value(now, i, to, sizeof to);
		observe_event(observe, EVENT_KNOB, vm, "%s%s %s -> %s", prefix,
			      now.info->figures[i].name, from, to);
	}
}

void observe_warn(struct observe *observe, enum observe_warning_kind kind, const char *text)
{
	if (observe->warned & kind)
		return;
	observe->warned |= kind;
	if (observe->warning[0] == '\0')
		text_copy(observe->warning, sizeof observe->warning, text, strlen(text));
}
