/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of text into a workload's settings: "NAME PARAMETER=VALUE ...". Everything is checked
 * here: a workload sees only values within their limits.
 */
#ifndef WORK_SETTING_H
#define WORK_SETTING_H

#include "work/workload.h"

struct error;

#define LINE_MOST 4096u

/* The field's offset; with a field of another type it does not compile (an array of size -1). */
#define PARAMETER_FIELD(settings, field, field_type) \
	(offsetof(settings, field) + 0 * sizeof(char[__builtin_types_compatible_p( \
						typeof(((settings *)0)->field), field_type) ? \
						1 : -1]))
#define PARAMETER_NUMBER(settings, field, name, type, preset, least, most, summary) \
	{ name, type, preset, summary, least, most, NULL, PARAMETER_FIELD(settings, field, uint64_t) }
#define PARAMETER_YES_NO(settings, field, name, preset, summary) \
	{ name, PARAMETER_SWITCH, preset, summary, 0, 1, NULL, \
	  PARAMETER_FIELD(settings, field, uint64_t) }
#define PARAMETER_ONE_OF(settings, field, name, preset, words, summary) \
	{ name, PARAMETER_CHOICE, preset, summary, 0, 0, words, \
	  PARAMETER_FIELD(settings, field, uint64_t) }
#define PARAMETER_STRING(settings, field, name, preset, summary) \
	{ name, PARAMETER_TEXT, preset, summary, 0, 0, NULL, \
	  PARAMETER_FIELD(settings, field, const char *) }
#define PARAMETERS_END { NULL, PARAMETER_COUNT, NULL, NULL, 0, 0, NULL, 0 }

/* *ret_settings is one allocation, with the texts behind the settings. */
int setting_parse_line(const char *line, const struct workload **ret_workload,
		       void **ret_settings, struct error *err);

/* "64M", "1.5s", "yes": into a number, whatever its limits. */
int setting_parse_number(const struct parameter *parameter, const char *text, uint64_t *ret_value,
			 struct error *err);

#endif
