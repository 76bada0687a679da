/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/secrets.h"

#include "base/cursor.h"
#include "base/str.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* A stretch of an argument. */
struct stretch {
	const char *at;
	size_t size;
};

/* What is known of an argument before its names are looked at. */
struct context {
	bool whole_is_secret;  /* behind "--password" */
	bool whole_is_key;     /* behind "--api-key": a secret, or a path */
	bool string_is_secret; /* behind -fw_cfg: string=... hands configuration to a guest */
	bool data_is_secret;   /* a secret object of QEMU */
};

static bool stretch_is(struct stretch s, const char *word)
{
	return strlen(word) == s.size && strncasecmp(s.at, word, s.size) == 0;
}

static bool stretch_ends(struct stretch s, const char *word)
{
	size_t size = strlen(word);

	return s.size >= size && strncasecmp(s.at + s.size - size, word, size) == 0;
}

static bool stretch_has(struct stretch s, const char *word)
{
	size_t size = strlen(word), i;

	for (i = 0; i + size <= s.size; i++)
		if (strncasecmp(s.at + i, word, size) == 0)
			return true;
	return false;
}

static bool stretch_is_one_of(struct stretch s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (stretch_is(s, *words))
			return true;
	return false;
}

static bool stretch_ends_in_one_of(struct stretch s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (stretch_ends(s, *words))
			return true;
	return false;
}

static bool stretch_has_one_of(struct stretch s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (stretch_has(s, *words))
			return true;
	return false;
}

/* Names whose value says where a secret is, not what it is. "-secret" ends QEMU's keys that
 * name a secret object. */
static const char *const names_of_places[] = {
	"-secret", "-file", "_file", "file", "-path", "_path", "-fd", "-id", "_id", "-sock", NULL
};
static const char *const names_with_secret_words[] = {
	"password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "cookie",
	"signature", NULL
};
static const char *const names_of_secrets[] = { "pass", "pw", "pin", "psk", "auth", "sig", NULL };
static const char *const names_of_keys[] = { "-key", "_key", ".key", NULL };
static const char *const switches[] = { "on", "off", "yes", "no", "true", "false", "", NULL };

static bool name_is_secret(struct stretch name)
{
	if (stretch_ends_in_one_of(name, names_of_places))
		return false;
	return stretch_has_one_of(name, names_with_secret_words) ||
	       stretch_is_one_of(name, names_of_secrets);
}

/* "key=" is a secret, unless it is the path of a key file. */
static bool name_is_key(struct stretch name)
{
	return stretch_is(name, "key") || stretch_ends_in_one_of(name, names_of_keys);
}

/* -object secret,...: its data is the secret, whatever else names its keys. */
static bool argument_is_secret_object(struct stretch argument)
{
	return (argument.size > 7 && strncasecmp(argument.at, "secret,", 7) == 0) ||
	       stretch_has(argument, "qom-type=secret,") ||
	       stretch_ends(argument, "qom-type=secret") ||
	       (stretch_has(argument, "\"qom-type\"") && stretch_has(argument, "\"secret\""));
}

/* By its name, and `at`, the value's first character. */
static bool name_tells_secret(struct stretch name, char at, const struct context *context)
{
	if (stretch_is(name, "data"))
		return context->data_is_secret;
	if (stretch_is(name, "string"))
		return context->string_is_secret;
	if (name_is_key(name))
		return at != '/';
	return name_is_secret(name);
}

static bool character_names(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* The name that ends at `end`: a JSON one stands in quotes. */
static struct stretch name_before(struct stretch argument, size_t end, bool *ret_quoted)
{
	size_t start;

	start = end;
	while (start > 0 && argument.at[start - 1] == ' ')
		start--;
	*ret_quoted = start > 0 && argument.at[start - 1] == '"'; /* JSON allows "name" : "value" */
	if (*ret_quoted)
		end = start - 1;
	start = end;
	while (start > 0 && character_names(argument.at[start - 1]))
		start--;
	return (struct stretch){ argument.at + start, end - start };
}

/* A value ends at a comma; two commas are QEMU's way to write one. */
static struct stretch plain_value(struct stretch argument, size_t start)
{
	size_t end = start;

	while (end < argument.size) {
		if (argument.at[end] == ',') {
			if (end + 1 == argument.size || argument.at[end + 1] != ',')
				break;
			end++;
		}
		end++;
	}
	return (struct stretch){ argument.at + start, end - start };
}

static struct stretch json_value(struct stretch argument, size_t start)
{
	size_t end;

	while (start < argument.size && argument.at[start] == ' ')
		start++;
	if (start < argument.size && argument.at[start] == '"')
		start++;
	for (end = start; end < argument.size && argument.at[end] != '"'; end++)
		if (argument.at[end] == '\\' && end + 1 < argument.size)
			end++;
	return (struct stretch){ argument.at + start, end - start };
}

/* In "scheme://user:password@host/": the password, or nothing. `at` is behind "://". */
static struct stretch url_password(struct stretch argument, size_t at)
{
	size_t end = at, i, colon = 0, sign = 0;

	while (end < argument.size && strchr("/,? \"", argument.at[end]) == NULL)
		end++;
	for (i = at; i < end; i++) {
		if (argument.at[i] == ':' && colon == 0)
			colon = i + 1;
		if (argument.at[i] == '@')
			sign = i;
	}
	if (colon == 0 || sign < colon)
		return (struct stretch){ argument.at, 0 };
	return (struct stretch){ argument.at + colon, sign - colon };
}

/* systemd's credentials: "io.systemd.credential:NAME=VALUE", with any NAME. */
static bool name_is_credential(struct stretch argument, struct stretch name)
{
	static const char *const words[] = { "io.systemd.credential", "io.systemd.credential.binary",
					     NULL };
	size_t start = (size_t)(name.at - argument.at);
	bool quoted;

	return start > 0 && argument.at[start - 1] == ':' &&
	       stretch_is_one_of(name_before(argument, start - 1, &quoted), words);
}

/* "Authorization: Bearer ..." as a program is told to send it, "password: ..." in YAML: up to the
 * end of the line. */
static struct stretch header_value(struct stretch argument, size_t i)
{
	bool quoted;
	struct stretch name = name_before(argument, i, &quoted);
	size_t start = i + 1, end;

	if (quoted || argument.at[start] != ' ' ||
	    !(name_is_secret(name) || stretch_ends(name, "authorization")))
		return (struct stretch){ argument.at, 0 };
	while (start < argument.size && argument.at[start] == ' ')
		start++;
	for (end = start; end < argument.size; end++)
		if (strchr("\n\"'", argument.at[end]) != NULL)
			break;
	return (struct stretch){ argument.at + start, end - start };
}

/* The word behind "--password " within an argument that is a whole command: sh -c "...". */
static struct stretch word_behind_option(struct stretch argument, size_t i)
{
	struct stretch nothing = { argument.at, 0 }, name;
	size_t start = i, at = i + 1, end;
	char quote;

	while (start > 0 && character_names(argument.at[start - 1]))
		start--;
	name = (struct stretch){ argument.at + start, i - start };
	if (name.size == 0 || *name.at != '-' || argument.at[at] == '-')
		return nothing;
	while (name.size > 0 && *name.at == '-') {
		name.at++;
		name.size--;
	}
	if (!name_is_secret(name) &&
	    !(stretch_ends_in_one_of(name, names_of_keys) && argument.at[at] != '/'))
		return nothing;
	quote = argument.at[at];
	at += quote == '"' || quote == '\'';
	quote = at > i + 1 ? quote : ' ';
	for (end = at; end < argument.size && argument.at[end] != quote; end++)
		;
	return (struct stretch){ argument.at + at, end - at };
}

/* The secret whose beginning is announced at `i`, or nothing. The name is judged before the
 * value is measured: each byte of an argument is looked at a few times, however it is made. */
static struct stretch secret_at(struct stretch argument, size_t i, const struct context *context)
{
	struct stretch name, value = { argument.at, 0 }, nothing = { argument.at, 0 };
	char c = argument.at[i];
	bool quoted;

	if ((c != '=' && c != ':' && c != ' ') || i + 1 == argument.size)
		return nothing;
	if (c == ' ')
		value = word_behind_option(argument, i);
	else if (c == ':')
		value = header_value(argument, i);
	if (c != '=' && value.size > 0)
		return stretch_is_one_of(value, switches) ? nothing : value;
	if (c == ' ')
		return nothing;
	if (c == ':' && i + 2 < argument.size && memcmp(argument.at + i, "://", 3) == 0)
		return url_password(argument, i + 3);
	name = name_before(argument, i, &quoted);
	if ((c == ':' && !quoted) || !(name_tells_secret(name, argument.at[i + 1], context) ||
				       name_is_credential(argument, name)))
		return nothing;
	value = c == ':' ? json_value(argument, i + 1) : plain_value(argument, i + 1);
	return stretch_is_one_of(value, switches) ? nothing : value;
}

static size_t argument_mask(struct stretch argument, const struct context *context,
			    struct str *ret)
{
	size_t i = 0, masked = 0;

	if ((context->whole_is_secret ||
	     (context->whole_is_key && argument.size > 0 && *argument.at != '/')) &&
	    !stretch_is_one_of(argument, switches)) {
		str_append(ret, "***");
		return 1;
	}
	while (i < argument.size) {
		struct stretch secret = secret_at(argument, i, context);
		size_t start = (size_t)(secret.at - argument.at);

		if (secret.size == 0) {
			str_append_char(ret, argument.at[i++]);
			continue;
		}
		str_append_bytes(ret, argument.at + i, start - i);
		str_append(ret, "***");
		i = start + secret.size;
		masked++;
	}
	return masked;
}

/* An option without a value of its own speaks of the argument behind it. */
static struct context context_after(struct stretch argument)
{
	struct context context = { .whole_is_secret = false };
	struct stretch name = argument;

	if (argument.size == 0 || argument.at[0] != '-' ||
	    memchr(argument.at, '=', argument.size) != NULL)
		return context;
	while (name.size > 0 && name.at[0] == '-') {
		name.at++;
		name.size--;
	}
	context.string_is_secret = stretch_is(name, "fw_cfg");
	context.whole_is_secret = name_is_secret(name);
	context.whole_is_key = stretch_ends_in_one_of(name, names_of_keys);
	return context;
}

size_t secrets_mask(const char *bytes, size_t size, char separator, struct str *ret)
{
	struct context context = { .whole_is_secret = false };
	size_t masked = 0, at = 0;

	while (at < size) {
		const char *end = memchr(bytes + at, separator, size - at);
		struct stretch argument = { bytes + at, end != NULL ? (size_t)(end - bytes) - at
								    : size - at };

		context.data_is_secret = argument_is_secret_object(argument);
		masked += argument_mask(argument, &context, ret);
		context = context_after(argument);
		at += argument.size;
		if (end != NULL)
			str_append_char(ret, bytes[at++]);
	}
	return masked;
}
