/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory is filled with, by a text, so that what is alike is known without looking at any memory:
 * parts with commas between them, each KIND:MIB[:SEED[:NUMBER]]
 *
 *   data:MIB:SEED[:COPIES]    bytes that look like chance, each content COPIES (1) times; two parts
 *                             of the same kind and seed have the same contents, in whatever process
 *   text:MIB:SEED[:COPIES]    the same of words
 *   zero:MIB                  written zeros
 *   read:MIB                  never written, only read: the kernel's own zero page, nobody's memory
 *   changing:MIB:SEED:RATE    RATE pages a second, in turn, get a content that they never had; those of
 *                             two such parts are never alike where their seeds differ
 */
#ifndef KSM_TEST_RECIPE_H
#define KSM_TEST_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECIPE_PARTS = 32, RECIPE_PAGE = 4096 };
enum part_kind { PART_ZERO, PART_READ, PART_DATA, PART_TEXT, PART_CHANGING };

struct part {
	enum part_kind kind;
	uint64_t pages, seed, contents, rate;
};

struct recipe {
	struct part parts[RECIPE_PARTS];
	size_t count;
	uint64_t pages;
};

bool recipe_parse(const char *text, struct recipe *ret);
/* Which content of its kind and seed this page has at first. */
uint64_t part_content(const struct part *part, uint64_t page);
/* These bytes are like no other content's. */
void page_fill(void *page, enum part_kind kind, uint64_t seed, uint64_t content);

#endif
