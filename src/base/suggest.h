/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nearest of some words to a mistyped one: edits, and swaps of neighbours, are counted. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *wrong;
	const char *nearest; /* NULL while nothing is near enough */
	unsigned distance;
};

void suggest_init(struct suggest *suggest, const char *wrong);
/* `word` must live as long as the suggestion. */
void suggest_offer(struct suggest *suggest, const char *word);

#endif
