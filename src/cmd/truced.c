/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/truced.h"

#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "control/control.h"

#include <errno.h>
#include <string.h>

json_t *truced_ask(json_t *request, struct error *err)
{
	json_t *answer = NULL;

	if (request == NULL) {
		error_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	if (control_call(NULL, request, 0, &answer, err) < 0)
		answer = NULL;
	json_decref(request);
	return answer;
}

json_t *truced_ask_about(const char *what, const char *key, const char *value, struct error *err)
{
	json_t *request = json_pack("{s:s}", "do", what);

	if (request != NULL && key != NULL)
		json_object_set_new(request, key, json_string(value));
	return truced_ask(request, err);
}

const char *truced_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

int64_t truced_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool truced_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

json_t *truced_find(const json_t *array, const char *key, const char *text)
{
	json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
		if (strcmp(truced_text(element, key), text) == 0)
			return element;
	return NULL;
}

const char *truced_restraint(const json_t *status)
{
	const char *mode = truced_text(status, "mode");

	if (strcmp(mode, "observe") == 0)
		return "truced only observes: mode = enforce in truce.conf lets it adjust";
	if (strcmp(mode, "dry-run") == 0)
		return "truced plans and turns nothing: mode = enforce in truce.conf lets it adjust";
	if (truced_flag(status, "paused"))
		return "everything is paused: truce resume ends that";
	return NULL;
}

void truced_append_restraint(struct str *str)
{
	struct error err = { 0 };
	json_t *status = truced_ask_about("status", NULL, NULL, &err);
	const char *restraint = truced_restraint(status);

	if (restraint != NULL)
		str_appendf(str, "%s\n", restraint);
	json_decref(status);
}

void truced_append(struct str *str, const json_t *object, const char *key)
{
	const char *text = truced_text(object, key);

	text_append_safe(str, text, strlen(text));
}
