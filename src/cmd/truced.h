/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking truced, for verbs: requests as one call, answers by key. What truced says is the text
 * of strangers (names of VMs, of policies): it is made safe where it is printed.
 */
#ifndef CMD_TRUCED_H
#define CMD_TRUCED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct str;

/* Takes the request over (NULL: memory was out). The answer is the caller's; NULL: `err` says
 * why, -ECONNREFUSED where no truced runs. */
json_t *truced_ask(json_t *request, struct error *err);
/* {"do":...} with one more key where `key` is not NULL. */
json_t *truced_ask_about(const char *what, const char *key, const char *value, struct error *err);

/* "", 0 and false where the key is absent or of another kind. */
const char *truced_text(const json_t *object, const char *key);
int64_t truced_number(const json_t *object, const char *key);
bool truced_flag(const json_t *object, const char *key);
/* The element of an array of objects whose `key` is this text; NULL. */
json_t *truced_find(const json_t *array, const char *key, const char *text);
/* Why policies turn nothing, by the answer to status: the mode, else a pause; NULL: nothing stops
 * them. */
const char *truced_restraint(const json_t *status);
/* The same, asked now, as a line; nothing where they are not stopped, or truced does not tell. */
void truced_append_restraint(struct str *str);
/* The key's text made safe. */
void truced_append(struct str *str, const json_t *object, const char *key);

#endif
