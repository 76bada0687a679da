/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_OF_MIB ((1u << 20) / RECIPE_PAGE)
#define MIB_MOST (1u << 20)

static const char *const kind_names[] = {
	[PART_ZERO] = "zero", [PART_READ] = "read", [PART_DATA] = "data",
	[PART_TEXT] = "text", [PART_CHANGING] = "changing",
};
enum { KIND_COUNT = sizeof kind_names / sizeof *kind_names };

static bool take_kind(const char **at, enum part_kind *ret)
{
	size_t i;

	for (i = 0; i < KIND_COUNT; i++) {
		size_t size = strlen(kind_names[i]);

		if (strncmp(*at, kind_names[i], size) == 0 && (*at)[size] == ':') {
			*ret = (enum part_kind)i;
			*at += size;
			return true;
		}
	}
	return false;
}

/* ":NUMBER" or, where there is none, what it is then. */
static bool take_number(const char **at, uint64_t absent, uint64_t *ret)
{
	char *end;

	*ret = absent;
	if (**at != ':')
		return true;
	if ((*at)[1] < '0' || (*at)[1] > '9')
		return false;
	errno = 0;
	*ret = strtoull(*at + 1, &end, 10);
	*at = end;
	return errno == 0;
}

static bool take_part(const char **at, struct part *ret)
{
	uint64_t mib, number;

	if (!take_kind(at, &ret->kind) || !take_number(at, 0, &mib) || mib == 0 || mib > MIB_MOST ||
	    !take_number(at, 0, &ret->seed) || !take_number(at, 1, &number) || number == 0)
		return false;
	ret->pages = mib * PAGES_OF_MIB;
	ret->contents = ret->pages;
	ret->rate = 0;
	if (ret->kind == PART_CHANGING)
		ret->rate = number;
	else if (number < ret->pages)
		ret->contents = ret->pages / number;
	else
		ret->contents = 1;
	return **at == '\0' || **at == ',';
}

bool recipe_parse(const char *text, struct recipe *ret)
{
	*ret = (struct recipe){ 0 };
	for (;;) {
		struct part *part = &ret->parts[ret->count];

		if (ret->count == RECIPE_PARTS || !take_part(&text, part))
			return false;
		ret->count++;
		ret->pages += part->pages;
		if (*text == '\0')
			return true;
		text++;
	}
}

uint64_t part_content(const struct part *part, uint64_t page)
{
	return part->kind == PART_ZERO || part->kind == PART_READ ? 0 : page % part->contents;
}

static uint64_t mix(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void fill_with_words(char *page, uint64_t seed, uint64_t content)
{
	static const char words[8][8] = { "guest ", "memory ", "page ", "shared ",
					  "kernel ", "of ", "and ", "host\n" };
	uint64_t state = seed << 32 ^ content;
	size_t at = (size_t)snprintf(page, RECIPE_PAGE, "page %llu of book %llu\n",
				     (unsigned long long)content, (unsigned long long)seed);

	while (at < RECIPE_PAGE) {
		const char *word = words[mix(&state) & 7];
		size_t size = strlen(word), left = RECIPE_PAGE - at;

		memcpy(page + at, word, size < left ? size : left);
		at += size < left ? size : left;
	}
}

void page_fill(void *page, enum part_kind kind, uint64_t seed, uint64_t content)
{
	uint64_t *numbers = page, state = seed << 32 ^ content;
	size_t i;

	if (kind == PART_ZERO) {
		memset(page, 0, RECIPE_PAGE);
		return;
	}
	if (kind == PART_TEXT) {
		fill_with_words(page, seed, content);
		return;
	}
	for (i = 0; i < RECIPE_PAGE / sizeof *numbers; i++)
		numbers[i] = mix(&state);
	/* What makes it like no other. */
	numbers[0] = (uint64_t)kind;
	numbers[1] = seed;
	numbers[2] = content;
}
