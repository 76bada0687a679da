/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/memory.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

static bool read_available(uint64_t *ret_bytes)
{
	CLEANUP_CLOSE int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t size = fd >= 0 ? read(fd, text, sizeof text) : -1;
	struct cursor c = cursor_over(text, size > 0 ? (size_t)size : 0);
	struct cursor line;
	uint64_t kilobytes;

	while (cursor_take_line(&c, &line)) {
		if (cursor_take_text(&line, "MemAvailable:") && cursor_take_u64(&line, &kilobytes)) {
			*ret_bytes = kilobytes << 10;
			return true;
		}
	}
	return false;
}

int memory_check_room(uint64_t bytes, struct error *err)
{
	uint64_t available;

	if (!read_available(&available) || bytes <= available)
		return 0;
	return error_set(err, -ENOMEM, "it takes %llu MB of memory, and %llu MB are free",
			 (unsigned long long)(bytes >> 20), (unsigned long long)(available >> 20));
}

int memory_map(uint64_t bytes, void **ret_memory, struct error *err)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return error_errno(err, -errno, "%llu bytes of memory", (unsigned long long)bytes);
	*ret_memory = memory;
	return 0;
}
