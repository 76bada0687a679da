/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/boot_words.h"

#include "base/text.h"

#include <arpa/inet.h>

bool boot_word_next(struct cursor *words, const char *name, char *ret, size_t size)
{
	const char *word;
	size_t length, skipped = strlen(name);

	while (!cursor_at_end(words)) {
		if (*words->at == '\n') {
			words->at++;
			continue;
		}
		if (!cursor_take_word(words, &word, &length))
			continue;
		if (length >= skipped && memcmp(word, name, skipped) == 0) {
			text_copy(ret, size, word + skipped, length - skipped);
			return true;
		}
	}
	return false;
}

/* The part before the next comma, or all; false where it does not fit or is empty. */
static bool part_take(const char **at, char *ret, size_t size)
{
	size_t length = strcspn(*at, ",");

	if (length == 0 || length >= size)
		return false;
	text_copy(ret, size, *at, length);
	*at += length + ((*at)[length] == ',');
	return true;
}

static bool bits_parse(const char *text, uint32_t *ret_mask)
{
	struct cursor at = cursor_over(text, strlen(text));
	uint64_t bits;

	if (!cursor_take_u64(&at, &bits) || !cursor_at_end(&at) || bits < 1 || bits > 32)
		return false;
	*ret_mask = htonl(bits == 32 ? UINT32_MAX : ~(UINT32_MAX >> bits));
	return true;
}

bool boot_address_parse(const char *value, struct boot_address *ret)
{
	char part[64];
	char *slash;

	*ret = (struct boot_address){ 0 };
	if (!part_take(&value, ret->device, sizeof ret->device) ||
	    !part_take(&value, part, sizeof part))
		return false;
	slash = strchr(part, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	if (inet_pton(AF_INET, part, &ret->address) != 1 || !bits_parse(slash + 1, &ret->mask))
		return false;
	if (*value == '\0')
		return true;
	return strchr(value, ',') == NULL && part_take(&value, part, sizeof part) &&
	       inet_pton(AF_INET, part, &ret->gateway) == 1;
}
