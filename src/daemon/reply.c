/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reply.h"

#include "daemon/daemon.h"

void reply_begin(struct reply *reply)
{
	str_init(&reply->line);
	json_begin(&reply->json, &reply->line);
	json_object_begin(&reply->json);
	reply_bool(reply, "ok", true);
}

void reply_text(struct reply *reply, const char *key, const char *text)
{
	json_key(&reply->json, key);
	json_text(&reply->json, text);
}

void reply_uint(struct reply *reply, const char *key, uint64_t number)
{
	json_key(&reply->json, key);
	json_uint(&reply->json, number);
}

void reply_bool(struct reply *reply, const char *key, bool value)
{
	json_key(&reply->json, key);
	json_bool(&reply->json, value);
}

void reply_texts(struct reply *reply, const char *key, const json_t *texts)
{
	size_t i;

	json_key(&reply->json, key);
	json_array_begin(&reply->json);
	for (i = 0; i < json_array_size(texts); i++)
		json_text(&reply->json, json_string_value(json_array_get(texts, i)));
	json_array_end(&reply->json);
}

void reply_end(struct reply *reply, struct daemon *daemon, uint64_t ticket)
{
	json_object_end(&reply->json);
	control_server_answer(daemon->server, ticket, &reply->line);
	str_done(&reply->line);
}
