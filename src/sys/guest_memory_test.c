/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/guest_memory.h"

#include "base/error.h"
#include "sys/root.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGES 8

static struct root *root;

static int setup(void **state)
{
	root = root_live_new();
	return root != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	root_free(root);
	return 0;
}

static void areas_tell_what_may_be_merged(void **state)
{
	static const char smaps[] =
		"55d0-55d1 r--p 00000000 fe:00 1   /usr/bin/qemu name: with Rss: 3 kB in it\n"
		"Rss:                   4 kB\n"
		"VmFlags: rd mr mw me dw \n"
		"7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \n"
		"Rss:              262144 kB\n"
		"Swap:                 12 kB\n"
		"SwapPss:               3 kB\n"
		"VmFlags: rd wr mr mw me ac sd hg mg \n"
		"7f0020000000-7f0030000000 rw-s 00000000 00:0f 7 /anon_hugepage (deleted)\n"
		"Rss:                   0 kB\n"
		"VmFlags: rd wr sh mr mw me ms de ht sd \n";
	struct memory_areas areas;

	assert_int_equal(memory_areas_parse(smaps, sizeof smaps - 1, &areas), 0);
	assert_int_equal(areas.count, 3);
	assert_false(areas.areas[0].mergeable);
	assert_int_equal(areas.areas[0].resident_bytes, 4096);
	assert_int_equal(areas.areas[1].start, 0x7f0000000000);
	assert_int_equal(areas.areas[1].end, 0x7f0010000000);
	assert_true(areas.areas[1].mergeable);
	assert_int_equal(areas.areas[1].resident_bytes, 256u << 20);
	assert_int_equal(areas.areas[1].swapped_bytes, 12288);
	assert_true(areas.areas[2].huge);
	assert_false(areas.areas[2].mergeable);
	memory_areas_done(&areas);
}

static void what_is_no_smaps_is_refused(void **state)
{
	struct memory_areas areas;

	assert_int_equal(memory_areas_parse("Rss: 4 kB\n", 10, &areas), -EINVAL);
	assert_int_equal(memory_areas_parse("", 0, &areas), 0);
	assert_int_equal(areas.count, 0);
	memory_areas_done(&areas);
}

/* Many more areas than one reading of the file gives. */
static void all_areas_of_a_process_are_read(void **state)
{
	enum { AREAS = 200 };
	size_t size = AREAS * 2 * 4096, i, found = 0;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory_areas areas;
	struct error err = { 0 };

	assert_true(bytes != MAP_FAILED);
	for (i = 0; i < AREAS; i++)
		assert_int_equal(mprotect(bytes + i * 2 * 4096, 4096, PROT_READ), 0);
	assert_int_equal(memory_areas_read(root, getpid(), &areas, &err), 0);
	for (i = 0; i < areas.count; i++)
		found += areas.areas[i].start >= (uintptr_t)bytes &&
			 areas.areas[i].end <= (uintptr_t)bytes + size;
	assert_in_range(found, AREAS, AREAS * 2);
	memory_areas_done(&areas);
	munmap(bytes, size);
}

static void only_touched_pages_are_here(void **state)
{
	char *bytes = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	uint64_t entries[PAGES];
	int fd = pagemap_open(root, getpid()), i;

	assert_true(bytes != MAP_FAILED && fd >= 0);
	madvise(bytes, PAGES * 4096, MADV_NOHUGEPAGE);
	bytes[2 * 4096] = 1;
	bytes[5 * 4096] = 1;
	assert_int_equal(pagemap_read(root, fd, (uintptr_t)bytes, entries, PAGES), 0);
	for (i = 0; i < PAGES; i++)
		assert_int_equal(pagemap_is_here(entries[i]), i == 2 || i == 5);
	root_close(root, fd);
	munmap(bytes, PAGES * 4096);
}

static void memory_is_read_range_behind_range(void **state)
{
	char *bytes = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	char got[3 * 4096];
	struct iovec there[] = { { bytes, 4096 }, { bytes + 3 * 4096, 8192 } };

	memset(bytes, 'a', 4096);
	memset(bytes + 3 * 4096, 'b', 8192);
	assert_int_equal(root_peek(root, getpid(), there, 2, got, sizeof got), sizeof got);
	assert_int_equal(got[0], 'a');
	assert_int_equal(got[4096], 'b');
	/* What is gone in the middle ends it there. */
	munmap(bytes + 4 * 4096, 4096);
	assert_int_equal(root_peek(root, getpid(), there, 2, got, sizeof got), 8192);
	munmap(bytes, PAGES * 4096);
	assert_int_equal(root_peek(root, getpid(), there, 2, got, sizeof got), -EFAULT);
}

static void a_rule_makes_memory_unreadable(void **state)
{
	struct error err = { 0 };
	struct root *faulty = root_faulty_new(root_live_new(), "peek=ESRCH@2", &err);
	char bytes[16] = "abc", got[16];
	struct iovec there = { bytes, sizeof bytes };

	assert_non_null(faulty);
	assert_int_equal(root_peek(faulty, getpid(), &there, 1, got, sizeof got), sizeof got);
	assert_int_equal(root_peek(faulty, getpid(), &there, 1, got, sizeof got), -ESRCH);
	root_free(faulty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(areas_tell_what_may_be_merged),
		cmocka_unit_test(what_is_no_smaps_is_refused),
		cmocka_unit_test(all_areas_of_a_process_are_read),
		cmocka_unit_test(only_touched_pages_are_here),
		cmocka_unit_test(memory_is_read_range_behind_range),
		cmocka_unit_test(a_rule_makes_memory_unreadable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
