/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uses one thing for ever, as a VMM would for its guest: for claims about knobs that need no guest.
 * A copy of it by the name of a VMM is taken for one.
 *
 *   hog read|write DEVICE   random blocks of 64 KiB past the page cache, eight under way
 *   hog memory MIB          anonymous memory, written once
 *   hog touch MIB           the same, and each page read again and again
 *   hog file FILE           reads a file again and again, by the page cache
 *   hog tap NAME ID         has a tap, takes what comes, and sends to UDP port 7000 + ID of 10.9.0.1 from
 *                           10.9.0.(10 + ID), which is 02:00:00:00:00:ID: some 5 MB/s
 *
 * Says "ready" when it has what it uses. How much it moves is in /proc/PID/io.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

enum { ETHERNET_SIZE = 14, IP_SIZE = 20, UDP_SIZE = 8, FRAME_SIZE = 1442, FRAME_USEC = 250 };

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static void put_ip_checksum(unsigned char *ip)
{
	unsigned sum = 0;
	int i;

	for (i = 0; i < IP_SIZE; i += 2)
		sum += (unsigned)ip[i] << 8 | ip[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

/* To everybody's Ethernet address and the bridge's IP address. */
static void make_frame(unsigned char frame[static FRAME_SIZE], unsigned id)
{
	unsigned char *ip = frame + ETHERNET_SIZE, *udp = ip + IP_SIZE;
	const unsigned char addresses[] = { 10, 9, 0, (unsigned char)(10 + id), 10, 9, 0, 1 };

	memset(frame, 0, FRAME_SIZE);
	memset(frame, 0xff, 6);
	frame[6] = 2;
	frame[11] = (unsigned char)id;
	put16(frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, FRAME_SIZE - ETHERNET_SIZE);
	ip[8] = 64;
	ip[9] = 17;
	memcpy(ip + 12, addresses, sizeof addresses);
	put_ip_checksum(ip);
	put16(udp, 7000 + id);
	put16(udp + 2, 7000 + id);
	put16(udp + 4, FRAME_SIZE - ETHERNET_SIZE - IP_SIZE);
}

static void *take_frames(void *context)
{
	static char frame[BLOCK];

	while (read(*(int *)context, frame, sizeof frame) > 0)
		;
	return NULL;
}

static int use_tap(const char *name, unsigned id)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	static unsigned char frame[FRAME_SIZE];
	static int fd;
	pthread_t thread;

	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		return fail(name);
	make_frame(frame, id);
	if (pthread_create(&thread, NULL, take_frames, &fd) != 0)
		return fail("a thread");
	say_ready();
	for (;;) {
		/* Refused where the interface is not up yet, or its queue is full. */
		if (write(fd, frame, sizeof frame) < 0 && errno != EIO && errno != EAGAIN)
			return fail(name);
		usleep(FRAME_USEC);
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
	if (argc == 4 && strcmp(argv[1], "tap") == 0)
		return use_tap(argv[2], (unsigned)atoi(argv[3]) & 0x7f);
	fprintf(stderr, "usage: hog read|write DEVICE | memory|touch MIB | file FILE | tap NAME ID\n");
	return 2;
}
