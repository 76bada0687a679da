/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of a test's guest. It says "up" on the port of the agent, and then does what
 * it is told there, a line each:
 *
 *     cpus             how many processors there are
 *     words            the kernel's command line
 *     disk N           how many bytes virtio disk N (0: /dev/vda) has
 *     write N SIZE     writes SIZE bytes to disk N past its page cache; says the microseconds
 *     type N           "ext4" where disk N has one, else "none"
 *     panic            ends itself, which no kernel outlives
 *     die              says something on the console, then switches the power off
 */
#include "agent_boot.h"
#include "agent_wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WAIT_USEC 2000
#define TRIES_MOST 5000
#define BLOCK (1 << 20)
#define EXT4_MAGIC_AT 1080

static void modules_load(void)
{
	FILE *order = fopen(AGENT_BOOT_MODULES, "re");
	char path[256];

	while (order != NULL && fgets(path, sizeof path, order) != NULL) {
		int fd;

		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0)
			printf("%s: %s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (order != NULL)
		fclose(order);
}

static int port_try(void)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int port = -1;

	while (dir != NULL && port < 0 && (entry = readdir(dir)) != NULL) {
		char path[400], name[64] = "";
		FILE *file;

		snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fgets(name, sizeof name, file) != NULL &&
		    strncmp(name, AGENT_PORT_NAME, strlen(AGENT_PORT_NAME)) == 0) {
			snprintf(path, sizeof path, "/dev/%s", entry->d_name);
			port = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(file);
	}
	if (dir != NULL)
		closedir(dir);
	return port;
}

static int port_open(void)
{
	int tries, port = -1;

	for (tries = 0; port < 0 && tries < TRIES_MOST; tries++) {
		port = port_try();
		if (port < 0)
			usleep(WAIT_USEC);
	}
	return port;
}

/* A disk appears some time after its driver. */
static int disk_open(int number, int flags)
{
	char path[16];
	int tries, fd = -1;

	snprintf(path, sizeof path, "/dev/vd%c", 'a' + number);
	for (tries = 0; fd < 0 && tries < TRIES_MOST; tries++) {
		fd = open(path, O_RDWR | O_CLOEXEC | flags);
		if (fd < 0)
			usleep(WAIT_USEC);
	}
	return fd;
}

static void disk_size(FILE *port, int number)
{
	unsigned long long bytes = 0;
	int fd = disk_open(number, 0);

	ioctl(fd, BLKGETSIZE64, &bytes);
	close(fd);
	fprintf(port, "%llu\n", bytes);
}

static void disk_type(FILE *port, int number)
{
	unsigned char magic[2] = { 0 };
	int fd = disk_open(number, 0);

	(void)!pread(fd, magic, sizeof magic, EXT4_MAGIC_AT);
	close(fd);
	fprintf(port, "%s\n", magic[0] == 0x53 && magic[1] == 0xef ? "ext4" : "none");
}

static long long now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

static void disk_write(FILE *port, int number, long long size)
{
	void *block = aligned_alloc(4096, BLOCK);
	int fd = disk_open(number, O_DIRECT);
	long long begun = now_usec(), done = 0;

	memset(block, 'x', BLOCK);
	while (done < size && pwrite(fd, block, BLOCK, done) == BLOCK)
		done += BLOCK;
	close(fd);
	free(block);
	fprintf(port, "%lld %s\n", now_usec() - begun, done < size ? strerror(errno) : "written");
}

static void words_say(FILE *port)
{
	FILE *file = fopen("/proc/cmdline", "re");
	char words[2100] = "\n";

	if (file != NULL && fgets(words, sizeof words, file) != NULL)
		fclose(file);
	fprintf(port, "%s", words);
}

static void obey(FILE *port, const char *line)
{
	long long size;
	int number;

	if (strcmp(line, "cpus\n") == 0)
		fprintf(port, "%ld\n", sysconf(_SC_NPROCESSORS_ONLN));
	else if (strcmp(line, "words\n") == 0)
		words_say(port);
	else if (sscanf(line, "disk %d", &number) == 1)
		disk_size(port, number);
	else if (sscanf(line, "type %d", &number) == 1)
		disk_type(port, number);
	else if (sscanf(line, "write %d %lld", &number, &size) == 2)
		disk_write(port, number, size);
	else if (strcmp(line, "panic\n") == 0)
		exit(7);
	else if (strcmp(line, "die\n") == 0)
		reboot(RB_POWER_OFF);
	fflush(port);
}

int main(void)
{
	char line[128];
	FILE *in, *out;
	int port;

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	modules_load();
	port = port_open();
	in = fdopen(port, "r");
	out = fdopen(dup(port), "w");
	if (in == NULL || out == NULL)
		return 1;
	fprintf(out, "up\n");
	fflush(out);
	while (fgets(line, sizeof line, in) != NULL)
		obey(out, line);
	return 1;
}
