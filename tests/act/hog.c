/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uses one thing for ever, as a VMM would for its guest: for claims about knobs that need no guest.
 * A copy of it by the name of a VMM is taken for one.
 *
 *   hog read|write DEVICE   random blocks of 64 KiB past the page cache, eight under way
 *   hog memory MIB          anonymous memory, written once
 *   hog touch MIB           the same, and each page read again and again
 *   hog file FILE           reads a file again and again, by the page cache
 *
 * Says "ready" when it has what it uses. How much it moves is in /proc/PID/io.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK 65536
#define UNDER_WAY 8
#define PAGE 4096
#define MIB (1 << 20)

static _Thread_local uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static int fail(const char *what)
{
	fprintf(stderr, "hog: %s: %s\n", what, strerror(errno));
	return 1;
}

static void say_ready(void)
{
	puts("ready");
	fflush(stdout);
}

struct device {
	const char *path;
	int fd, to_write;
	off_t size;
};

static void *move_blocks(void *context)
{
	const struct device *device = context;
	void *block = aligned_alloc(PAGE, BLOCK);

	if (block == NULL)
		exit(fail("memory"));
	memset(block, 0x5a, BLOCK);
	for (;;) {
		off_t at = (off_t)(next_random() % (uint64_t)(device->size / BLOCK)) * BLOCK;
		ssize_t moved = device->to_write ? pwrite(device->fd, block, BLOCK, at) :
						   pread(device->fd, block, BLOCK, at);

		if (moved != BLOCK)
			exit(fail(device->path));
	}
	return NULL;
}

/* Several threads, so that the disk is short even where a thread is long between two blocks. */
static int use_device(const char *path, int to_write)
{
	struct device device = { .path = path, .to_write = to_write };
	pthread_t thread;
	int i;

	device.fd = open(path, (to_write ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	device.size = device.fd >= 0 ? lseek(device.fd, 0, SEEK_END) : -1;
	if (device.size < BLOCK)
		return fail(path);
	say_ready();
	for (i = 1; i < UNDER_WAY; i++)
		if (pthread_create(&thread, NULL, move_blocks, &device) != 0)
			return fail("a thread");
	move_blocks(&device);
	return 1;
}

/* No two pages are alike, so that nothing merges them. */
static int use_memory(const char *mib, int again)
{
	size_t size = strtoul(mib, NULL, 10) * MIB;
	volatile uint64_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t sum = 0;
	size_t i;

	if (memory == MAP_FAILED)
		return fail("mmap");
	for (i = 0; i < size / sizeof *memory; i += PAGE / sizeof *memory)
		memory[i] = next_random();
	say_ready();
	while (again)
		for (i = 0; i < size / sizeof *memory; i += PAGE / sizeof *memory)
			sum += memory[i];
	for (;;)
		pause();
	return (int)sum;
}

static int use_file(const char *path)
{
	static char block[BLOCK];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int told = 0;

	if (fd < 0)
		return fail(path);
	for (;;) {
		ssize_t got = read(fd, block, sizeof block);

		if (got < 0)
			return fail(path);
		if (got == 0) {
			if (!told++)
				say_ready();
			lseek(fd, 0, SEEK_SET);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "read") == 0)
		return use_device(argv[2], 0);
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return use_device(argv[2], 1);
	if (argc == 3 && strcmp(argv[1], "memory") == 0)
		return use_memory(argv[2], 0);
	if (argc == 3 && strcmp(argv[1], "touch") == 0)
		return use_memory(argv[2], 1);
	if (argc == 3 && strcmp(argv[1], "file") == 0)
		return use_file(argv[2]);
	fprintf(stderr, "usage: hog read|write DEVICE | memory|touch MIB | file FILE\n");
	return 2;
}
