/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_image.h"

#include "model/synthetic.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* The same bytes twice: where they are written, and where they are read. */
struct both {
	int fd;
	size_t size;
	char *written, *read;
};

static struct both map_both(size_t size)
{
	struct both both = { .fd = memfd_create("image", MFD_CLOEXEC), .size = size };

	assert_true(both.fd >= 0);
	assert_return_code(ftruncate(both.fd, (off_t)size), 0);
	both.written = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, both.fd, 0);
	both.read = mmap(NULL, size, PROT_READ, MAP_SHARED, both.fd, 0);
	assert_true(both.written != MAP_FAILED && both.read != MAP_FAILED);
	return both;
}

static void unmap_both(struct both *both)
{
	munmap(both->written, both->size);
	munmap(both->read, both->size);
	close(both->fd);
}

static void write_and_compare(const struct snapshot *snapshot)
{
	struct both both = map_both(4 << 20);
	struct snapshot_image image;
	char difference[200];

	snapshot_image_init(&image, both.written, both.size, (uint64_t)(uintptr_t)both.read);
	assert_int_equal(snapshot_image_write(&image, snapshot), 0);
	/* No pointer of the reader's may go to the writer's memory. */
	assert_int_equal(mprotect(both.written, both.size, PROT_NONE), 0);
	if (!synthetic_equal(snapshot, (const struct snapshot *)both.read, difference,
			     sizeof difference))
		fail_msg("%s", difference);
	unmap_both(&both);
}

static void a_reader_elsewhere_sees_the_same_host(void **state)
{
	struct snapshot everything;
	struct synthetic host;

	assert_int_equal(synthetic_of_everything(&everything), 0);
	write_and_compare(&everything);
	snapshot_done(&everything);
	assert_int_equal(synthetic_init(&host, 8, 60, 1), 0);
	write_and_compare(&host.snapshot);
	synthetic_tick(&host);
	assert_int_equal(synthetic_birth(&host), 0);
	synthetic_death(&host, 3);
	write_and_compare(&host.snapshot);
	synthetic_done(&host);
}

static void an_empty_host_is_one_too(void **state)
{
	struct snapshot empty;

	snapshot_init(&empty);
	write_and_compare(&empty);
}

static void what_does_not_fit_says_how_much_it_takes(void **state)
{
	struct snapshot_image image;
	struct synthetic host;
	size_t needed, room;
	char *memory;

	assert_int_equal(synthetic_init(&host, 4, 20, 1), 0);
	snapshot_image_init(&image, NULL, 0, 0);
	assert_int_equal(snapshot_image_write(&image, &host.snapshot), -ENOSPC);
	needed = image.size;
	for (room = 0; room < needed; room += 977) {
		memory = malloc(room + 16);
		memset(memory + room, 0x5a, 16);
		snapshot_image_init(&image, memory, room, 0x10000000);
		assert_int_equal(snapshot_image_write(&image, &host.snapshot), -ENOSPC);
		assert_int_equal(image.size, needed);
		assert_int_equal(memory[room], 0x5a); /* nothing past its room */
		free(memory);
	}
	memory = malloc(needed);
	snapshot_image_init(&image, memory, needed, 0x10000000);
	assert_int_equal(snapshot_image_write(&image, &host.snapshot), 0);
	free(memory);
	synthetic_done(&host);
}

static void what_is_put_behind_is_found_there(void **state)
{
	struct both both = map_both(1 << 20);
	static const char words[] = "outcomes, say";
	struct snapshot_image image;
	struct snapshot empty;
	uint64_t address;

	snapshot_init(&empty);
	snapshot_image_init(&image, both.written, both.size, (uint64_t)(uintptr_t)both.read);
	assert_int_equal(snapshot_image_write(&image, &empty), 0);
	address = snapshot_image_put(&image, words, sizeof words);
	assert_int_equal(address % 16, 0);
	assert_string_equal((const char *)(uintptr_t)address, words);
	image.capacity = image.size;
	assert_int_equal(snapshot_image_put(&image, words, sizeof words), 0);
	unmap_both(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_elsewhere_sees_the_same_host),
		cmocka_unit_test(an_empty_host_is_one_too),
		cmocka_unit_test(what_does_not_fit_says_how_much_it_takes),
		cmocka_unit_test(what_is_put_behind_is_found_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
