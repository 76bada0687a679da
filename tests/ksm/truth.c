/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "truth.h"

#include <stdlib.h>

/* Which content a page has. That of a changing one is nobody else's. */
struct content {
	enum part_kind kind;
	uint64_t seed, number;
};

static int compare_contents(const void *a, const void *b)
{
	const struct content *one = a, *other = b;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	if (one->seed != other->seed)
		return one->seed < other->seed ? -1 : 1;
	return (one->number > other->number) - (one->number < other->number);
}

static size_t add_part(const struct part *part, struct content *contents, struct truth *truth)
{
	uint64_t i;

	if (part->kind == PART_READ) {
		truth->read_only += part->pages;
		return 0;
	}
	truth->pages += part->pages;
	if (part->kind == PART_CHANGING) {
		truth->changing += part->pages;
		truth->contents += part->pages;
		return 0;
	}
	for (i = 0; i < part->pages; i++)
		contents[i] = (struct content){ part->kind, part->kind == PART_ZERO ? 0 : part->seed,
						part_content(part, i) };
	truth->zero += part->kind == PART_ZERO ? part->pages : 0;
	return (size_t)part->pages;
}

static void add_content(struct truth *truth, uint64_t pages, uint64_t most)
{
	uint64_t frames = (pages + most - 1) / most;

	truth->contents++;
	truth->alike += pages > 1 ? pages : 0;
	/* A page that is left over alone behind full frames is merged with nobody. */
	truth->shared += frames - (pages % most == 1);
	truth->unshared += pages % most == 1;
	truth->sharing += pages - frames;
}

static void add_contents(struct truth *truth, const struct content *contents, size_t count,
			 uint64_t most, bool zero_pages)
{
	size_t i, start = 0;

	for (i = 1; i <= count; i++) {
		if (i < count && compare_contents(&contents[i], &contents[start]) == 0)
			continue;
		if (contents[start].kind == PART_ZERO && zero_pages) {
			truth->contents++;
			truth->zero_merged += i - start;
		} else {
			add_content(truth, i - start, most);
		}
		start = i;
	}
}

bool truth_compute(const struct recipe *recipes, size_t count, uint64_t most, bool zero_pages,
		   struct truth *ret)
{
	struct content *contents;
	size_t room = 0, used = 0, i, j;

	*ret = (struct truth){ 0 };
	for (i = 0; i < count; i++)
		room += (size_t)recipes[i].pages;
	contents = calloc(room + 1, sizeof *contents);
	if (contents == NULL)
		return false;
	for (i = 0; i < count; i++)
		for (j = 0; j < recipes[i].count; j++)
			used += add_part(&recipes[i].parts[j], contents + used, ret);
	qsort(contents, used, sizeof *contents, compare_contents);
	if (used > 0)
		add_contents(ret, contents, used, most, zero_pages);
	free(contents);
	ret->saved = ret->sharing + ret->zero_merged;
	return true;
}

void truth_print(const struct truth *truth, FILE *stream)
{
	fprintf(stream,
		"\"pages\":%llu,\"contents\":%llu,\"duplicates\":%llu,\"zero\":%llu,"
		"\"changing\":%llu,\"read_only\":%llu,\"alike\":%llu,\"shared\":%llu,"
		"\"sharing\":%llu,\"unshared\":%llu,\"zero_merged\":%llu,\"saved\":%llu",
		(unsigned long long)truth->pages, (unsigned long long)truth->contents,
		(unsigned long long)(truth->pages - truth->contents),
		(unsigned long long)truth->zero, (unsigned long long)truth->changing,
		(unsigned long long)truth->read_only, (unsigned long long)truth->alike,
		(unsigned long long)truth->shared, (unsigned long long)truth->sharing,
		(unsigned long long)truth->unshared, (unsigned long long)truth->zero_merged,
		(unsigned long long)truth->saved);
}
