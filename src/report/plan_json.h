/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan's items as JSON: the same keys wherever an adjustment is told (log, explain, replay). */
#ifndef REPORT_PLAN_JSON_H
#define REPORT_PLAN_JSON_H

#include "model/plan.h"

struct json;

/* Into the object that is open: "vm" (null: the host) and "name". */
void plan_json_vm(struct json *json, const struct plan_item *item);
/* "class", "verdict", "asked", "setting", "from", "to", "where", "predicted", "reason", "cause". */
void plan_json_item(struct json *json, const struct plan_item *item);
/* "cause": an object, whose keys the ledger has too. */
void plan_json_cause(struct json *json, const struct cause *cause);
/* A value as truce set reads it; NULL gives null. */
void plan_json_value(struct json *json, const char *key, enum setting setting,
		     const struct setting_value *value);

#endif
