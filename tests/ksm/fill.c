/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of known contents that KSM may merge, for tests of what finds out what is alike in it. A
 * copy of it by the name of a VMM is taken for one; static, it runs in any guest as well, whose memory
 * then has the same pages.
 *
 *   fill hold [--huge] RECIPE      has it (recipe.h), prints its true numbers as one line of JSON, and
 *                                  `ready`; then does what stdin says, and when that ends stays
 *   fill truth [--most N] [--zero-pages] RECIPE...
 *                                  what KSM can make of processes with these recipes, when it merges at
 *                                  most N pages (256) to one, zero pages to the kernel's own: JSON, by
 *                                  the recipes alone
 *
 * Lines of stdin, each answered with one line:
 *   rewrite          writes into each page but those of `read`, so that no two are alike: `rewritten`
 *   refill           as it was at first, but for what changes: `refilled`
 *   work TIMES       writes all of its memory so often, each word with what it is: `worked USEC`, of
 *                    CPU time
 */
#include "recipe.h"
#include "truth.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define HUGE_PAGE (2u << 20)
#define TURN_MSEC 10
#define USEC_PER_SEC 1000000ull

struct hold {
	struct recipe recipe;
	char *memory;
	bool mergeable;
	uint64_t changed[RECIPE_PARTS]; /* pages of a changing part, since the beginning */
	uint64_t begin_usec, rewritten;
};

static int fail(const char *what)
{
	fprintf(stderr, "fill: %s: %s\n", what, strerror(errno));
	return 1;
}

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

/* -- filling -------------------------------------------------------------------------------------- */

static void fill_part(char *memory, const struct part *part)
{
	uint64_t i;

	for (i = 0; i < part->pages; i++) {
		char *page = memory + i * RECIPE_PAGE;

		if (part->kind == PART_READ)
			(void)*(volatile char *)page;
		else
			page_fill(page, part->kind, part->seed, part_content(part, i));
	}
}

static void fill_all(struct hold *hold, bool again)
{
	char *memory = hold->memory;
	size_t i;

	for (i = 0; i < hold->recipe.count; i++) {
		const struct part *part = &hold->recipe.parts[i];

		if (!again || (part->kind != PART_CHANGING && part->kind != PART_READ))
			fill_part(memory, part);
		memory += part->pages * RECIPE_PAGE;
	}
}

static int hold_init(struct hold *hold, bool huge)
{
	size_t size = (size_t)hold->recipe.pages * RECIPE_PAGE;
	char *start = mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		return fail("mmap");
	/* At a huge page's beginning, whose neighbours are nobody's. */
	hold->memory = start + (HUGE_PAGE - (uintptr_t)start % HUGE_PAGE) % HUGE_PAGE;
	if (mprotect(hold->memory, size, PROT_READ | PROT_WRITE) < 0)
		return fail("mprotect");
	madvise(hold->memory, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	/* A guest's own kernel need not have KSM: its host does. */
	hold->mergeable = madvise(hold->memory, size, MADV_MERGEABLE) == 0;
	fill_all(hold, false);
	return 0;
}

/* -- what changes --------------------------------------------------------------------------------- */

static void change_part(struct hold *hold, size_t number, char *memory)
{
	const struct part *part = &hold->recipe.parts[number];
	uint64_t usec = clock_usec(CLOCK_MONOTONIC) - hold->begin_usec;
	uint64_t due = usec * part->rate / USEC_PER_SEC;
	uint64_t *changed = &hold->changed[number];

	for (; *changed < due; ++*changed)
		page_fill(memory + *changed % part->pages * RECIPE_PAGE, part->kind, part->seed,
			  part->pages + *changed);
}

static void change_what_changes(struct hold *hold)
{
	char *memory = hold->memory;
	size_t i;

	for (i = 0; i < hold->recipe.count; i++) {
		if (hold->recipe.parts[i].kind == PART_CHANGING)
			change_part(hold, i, memory);
		memory += hold->recipe.parts[i].pages * RECIPE_PAGE;
	}
}

static bool anything_changes(const struct hold *hold)
{
	size_t i;

	for (i = 0; i < hold->recipe.count; i++)
		if (hold->recipe.parts[i].kind == PART_CHANGING)
			return true;
	return false;
}

/* -- what it is told ------------------------------------------------------------------------------ */

static void rewrite(struct hold *hold)
{
	char *page = hold->memory;
	uint64_t number[2] = { (uint64_t)getpid(), 0 };
	size_t i;
	uint64_t j;

	for (i = 0; i < hold->recipe.count; i++)
		for (j = 0; j < hold->recipe.parts[i].pages; j++, page += RECIPE_PAGE) {
			number[1] = ++hold->rewritten;
			if (hold->recipe.parts[i].kind != PART_READ)
				memcpy(page + RECIPE_PAGE / 2, number, sizeof number);
		}
	say("rewritten");
}

static void work(struct hold *hold, unsigned long times)
{
	uint64_t begin_usec = clock_usec(CLOCK_THREAD_CPUTIME_ID);
	volatile uint64_t *words = (uint64_t *)hold->memory;
	size_t i, count = (size_t)hold->recipe.pages * RECIPE_PAGE / sizeof *words;

	for (; times > 0; times--)
		for (i = 0; i < count; i++)
			words[i] = words[i];
	printf("worked %llu\n",
	       (unsigned long long)(clock_usec(CLOCK_THREAD_CPUTIME_ID) - begin_usec));
	fflush(stdout);
}

static void obey(struct hold *hold, const char *line)
{
	if (strncmp(line, "rewrite", 7) == 0) {
		rewrite(hold);
	} else if (strncmp(line, "refill", 6) == 0) {
		fill_all(hold, true);
		say("refilled");
	} else if (strncmp(line, "work ", 5) == 0) {
		work(hold, strtoul(line + 5, NULL, 10));
	} else {
		say("what?");
	}
}

/* Without what changes it sleeps until it is told something. */
static void live(struct hold *hold)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int patience = anything_changes(hold) ? TURN_MSEC : -1;
	char line[64];

	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		if (poll(&in, in.fd < 0 ? 0 : 1, patience) > 0) {
			if (fgets(line, sizeof line, stdin) == NULL)
				in.fd = -1;
			else
				obey(hold, line);
		}
		change_what_changes(hold);
	}
}

/* -- the two verbs -------------------------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: fill hold [--huge] RECIPE\n"
			"       fill truth [--most N] [--zero-pages] RECIPE...\n"
			"RECIPE: KIND:MIB[:SEED[:NUMBER]],... with data, text, zero, read, changing\n");
	return 2;
}

static int hold(int argc, char **argv)
{
	static struct hold hold;
	bool huge = argc == 2 && strcmp(argv[0], "--huge") == 0;
	struct truth truth;

	if (argc != 1 + huge || !recipe_parse(argv[argc - 1], &hold.recipe))
		return usage();
	if (!truth_compute(&hold.recipe, 1, 256, false, &truth))
		return fail("memory");
	if (hold_init(&hold, huge) != 0)
		return 1;
	printf("{\"pid\":%d,\"mergeable\":%s,", (int)getpid(), hold.mergeable ? "true" : "false");
	truth_print(&truth, stdout);
	say("}\nready");
	hold.begin_usec = clock_usec(CLOCK_MONOTONIC);
	live(&hold);
	return 0;
}

static int truth(int argc, char **argv)
{
	struct recipe *recipes = calloc((size_t)argc + 1, sizeof *recipes);
	uint64_t most = 256;
	bool zero_pages = false;
	struct truth truth;
	size_t count = 0;

	if (recipes == NULL)
		return fail("memory");
	for (; argc > 0; argc--, argv++) {
		if (strcmp(argv[0], "--zero-pages") == 0) {
			zero_pages = true;
		} else if (strcmp(argv[0], "--most") == 0 && argc > 1) {
			most = strtoull(argv[1], NULL, 10);
			argc--;
			argv++;
		} else if (!recipe_parse(argv[0], &recipes[count++])) {
			free(recipes);
			return usage();
		}
	}
	if (most < 2 || !truth_compute(recipes, count, most, zero_pages, &truth)) {
		free(recipes);
		return most < 2 ? usage() : fail("memory");
	}
	free(recipes);
	putchar('{');
	truth_print(&truth, stdout);
	say("}");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "hold") == 0)
		return hold(argc - 2, argv + 2);
	if (argc >= 3 && strcmp(argv[1], "truth") == 0)
		return truth(argc - 2, argv + 2);
	return usage();
}
