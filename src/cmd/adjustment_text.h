/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An adjustment as `truce log` and `truce explain` print it. Everything of the ledger is the
 * text of strangers, and comes out safe. The same facts as JSON: doc/format/log-json.md.
 */
#ifndef CMD_ADJUSTMENT_TEXT_H
#define CMD_ADJUSTMENT_TEXT_H

#include <stddef.h>

struct adjustment;
struct cause;
struct json;
struct str;

/* "gold-first.lua:12 calm", "a person" */
void cause_append_who(struct str *str, const struct cause *cause);
/* A line of `truce log`, with its newline. */
void adjustment_append_line(struct str *str, const struct adjustment *adjustment);
/* A line about what followed, once that is known: nothing where nothing is. */
void adjustment_append_effect_line(struct str *str, const struct adjustment *adjustment);
/* A paragraph of `truce explain`. `source` is what the policy's lines were then, or NULL. */
void adjustment_append_details(struct str *str, const struct adjustment *adjustment,
			       const char *source);
/* An object; truce.log/1 puts its schema before. */
void adjustment_append_json(struct json *json, const struct adjustment *adjustment,
			    const char *schema);

#endif
