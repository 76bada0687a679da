/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A result as JSON, doc/format/lab-show-json.md: the figures of the page's tables. */
#ifndef LAB_RESULT_RESULT_JSON_H
#define LAB_RESULT_RESULT_JSON_H

#include "lab/result/result.h"

struct json;
struct str;

void result_append_json(const struct result *result, struct str *out);
/* {"change":-0.19,"low":...,...}; null where there are no numbers. */
void result_json_numbers(struct json *json, const struct measure_comparison *numbers);

#endif
