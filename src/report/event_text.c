/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/event_text.h"

#include "base/str.h"
#include "base/text.h"
#include "report/json.h"
#include "report/table.h"
#include "report/units.h"
#include "report/vm_column.h"

#include <string.h>

/* Wide enough for "vcpu removed", for most names and for most ids: lines stand in columns. */
#define KIND_COLUMNS 12
#define NAME_COLUMNS 16
#define ID_COLUMNS 18

/* Filled up, never cut. */
static void append_padded(struct str *str, struct str *text, size_t columns)
{
	const char *safe = text->data != NULL ? text->data : "-";
	size_t width = text_columns(safe);

	table_append_cell(str, safe, width > columns ? width : columns, true);
	str_append(str, "  ");
	str_clear(text);
}

/* A VM that was gone before it could be looked at has no identity, and yet is not the host. */
static bool is_of_host(const struct event *event)
{
	return event->identity.pid == 0 && (event->kind == EVENT_KNOB || event->kind == EVENT_LOST);
}

static void append_name(const struct event *event, struct str *text)
{
	if (is_of_host(event))
		str_append(text, "host");
	else if (event->name[0] != '\0')
		text_append_safe(text, event->name, strlen(event->name));
	else
		str_append_char(text, '-');
}

void event_append_line(const struct event *event, struct str *str)
{
	struct str text;

	str_init(&text);
	units_append_time(str, event->realtime_usec);
	str_append(str, "  ");
	str_append(&text, event_kind_name(event->kind));
	append_padded(str, &text, KIND_COLUMNS);
	append_name(event, &text);
	append_padded(str, &text, NAME_COLUMNS);
	if (event->identity.pid != 0)
		vm_append_id(&event->identity, &text);
	else
		str_append_char(&text, '-');
	append_padded(str, &text, ID_COLUMNS);
	text_append_safe(str, event->detail, strlen(event->detail));
	while (str->length > 0 && str->data[str->length - 1] == ' ')
		str->data[--str->length] = '\0';
	str_append_char(str, '\n');
	str_done(&text);
}

static void put_id(const struct vm_identity *identity, struct json *json)
{
	struct str id;

	str_init(&id);
	vm_append_id(identity, &id);
	json_text(json, id.data);
	str_done(&id);
}

void event_append_json(const struct event *event, struct json *json)
{
	bool unknown = event->identity.pid == 0;

	json_object_begin(json);
	json_key(json, "schema");
	json_text(json, "truce.events/1");
	json_key(json, "time");
	json_time(json, event->realtime_usec);
	json_key(json, "event");
	json_text(json, event_kind_name(event->kind));
	json_key(json, "id");
	if (unknown)
		json_nothing(json);
	else
		put_id(&event->identity, json);
	json_key(json, "pid");
	if (unknown)
		json_nothing(json);
	else
		json_int(json, event->identity.pid);
	json_key(json, "name");
	json_text(json, event->name[0] != '\0' ? event->name : NULL);
	json_key(json, "detail");
	json_text(json, event->detail);
	json_object_end(json);
}
