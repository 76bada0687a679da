/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has memory that KSM may merge, of known contents, as a VMM would for its guest: for claims about page
 * sharing. A copy of it by the name of a VMM is taken for one.
 *
 *   merge COMMON OWN TWICE ZERO [off|shared]
 *
 * Counts of pages: COMMON like those of every other one, OWN like nothing else, TWICE each of which
 * there are two in this process and none elsewhere (so 2 x TWICE pages), ZERO of zeros. `off`: KSM is not told of them, as
 * with QEMU's mem-merge=off; `shared`: it is memory that others may map. Says "ready", and the true numbers: pages in
 * all. A line on its input makes it write to all of its pages, and say "written".
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void fill(char *page, uint64_t kind, uint64_t number)
{
	uint64_t *words = (uint64_t *)page;
	size_t i;

	for (i = 0; i < PAGE / sizeof *words; i++)
		words[i] = (kind << 56) ^ (number * 0x9e3779b97f4a7c15ull + i);
}

static size_t argument(const char *text)
{
	return strtoul(text, NULL, 10);
}

static char *map(size_t pages, const char *how)
{
	int flags = MAP_ANONYMOUS | (strcmp(how, "shared") == 0 ? MAP_SHARED : MAP_PRIVATE);
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	/* Pages, not huge ones: what is counted are pages. */
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	if (strcmp(how, "off") != 0 && madvise(memory, pages * PAGE, MADV_MERGEABLE) < 0)
		return NULL;
	return memory;
}

static void write_all(char *memory, size_t pages)
{
	uint64_t own = (uint64_t)getpid() << 32;
	size_t i;

	for (i = 0; i < pages; i++)
		fill(memory + i * PAGE, 7, own + i);
}

int main(int argc, char **argv)
{
	size_t common, own, twice, zero, pages, i;
	uint64_t mine = (uint64_t)getpid() << 32;
	char *memory, *at;
	int c;

	if (argc < 5) {
		fprintf(stderr, "usage: merge COMMON OWN TWICE ZERO [off|shared]\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, 9);
	common = argument(argv[1]);
	own = argument(argv[2]);
	twice = argument(argv[3]);
	zero = argument(argv[4]);
	pages = common + own + 2 * twice + zero;
	memory = at = map(pages, argc > 5 ? argv[5] : "on");
	if (memory == NULL) {
		fprintf(stderr, "merge: %s\n", strerror(errno));
		return 1;
	}
	for (i = 0; i < common; i++, at += PAGE)
		fill(at, 1, i);
	for (i = 0; i < own; i++, at += PAGE)
		fill(at, 2, mine + i);
	for (i = 0; i < 2 * twice; i++, at += PAGE)
		fill(at, 3, mine + i / 2);
	memset(at, 0, zero * PAGE);
	printf("ready %zu\n", pages);
	fflush(stdout);
	while ((c = getchar()) != EOF)
		if (c == '\n') {
			write_all(memory, pages);
			puts("written");
			fflush(stdout);
		}
	for (;;)
		pause();
}
