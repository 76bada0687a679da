/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/glob.h"

#include <stddef.h>

/* The set that begins at pattern[0] == '['; NULL where it has no end: then it is a plain '['. */
static const char *set_take(const char *pattern, char c, bool *ret_within)
{
	const char *at = pattern + 1;
	bool negated = *at == '!' || *at == '^', within = false;
	const char *first;

	at += negated;
	for (first = at; *at != '\0' && (*at != ']' || at == first); at++) {
		unsigned char low = (unsigned char)*at, high = low;

		if (at[1] == '-' && at[2] != ']' && at[2] != '\0') {
			high = (unsigned char)at[2];
			at += 2;
		}
		within |= low <= (unsigned char)c && (unsigned char)c <= high;
	}
	*ret_within = within != negated;
	return *at == ']' ? at + 1 : NULL;
}

/* One character of the text against what the pattern says for one; NULL: it does not match. */
static const char *one_take(const char *pattern, char c)
{
	const char *behind;
	bool within;

	if (*pattern == '?')
		return pattern + 1;
	if (*pattern == '[') {
		behind = set_take(pattern, c, &within);
		if (behind != NULL)
			return within ? behind : NULL;
	}
	if (*pattern == '\\' && pattern[1] != '\0')
		pattern++;
	return *pattern == c ? pattern + 1 : NULL;
}

bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text != '\0') {
		const char *behind;

		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
			continue;
		}
		behind = *pattern != '\0' ? one_take(pattern, *text) : NULL;
		if (behind != NULL) {
			pattern = behind;
			text++;
		} else if (star != NULL) {
			/* Only the last star need take more: an earlier one has matched at its first chance. */
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
