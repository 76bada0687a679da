/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as a line, for people and as JSON (doc/format/events-json.md). */
#ifndef REPORT_EVENT_TEXT_H
#define REPORT_EVENT_TEXT_H

#include "model/event.h"

struct json;
struct str;

/* "2026-03-01 14:05:30.123  created       web1  1200-12000-0  detail\n" */
void event_append_line(const struct event *event, struct str *str);
/* An object with these facts; nothing before it but what the caller wrote. */
void event_append_json(const struct event *event, struct json *json);

#endif
