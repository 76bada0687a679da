/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/disk_devices.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "sys/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNTS_LIMIT (4 << 20)
#define FDINFO_BYTES 4096
#define LINK_BYTES 4096

struct search {
	struct root *root;
	pid_t pid;
	char *mounts; /* mountinfo as the process sees it */
	size_t mounts_size;
	struct disk_devices *found;
};

/* -- block devices, by /sys */

static int read_number(struct root *root, const char *path, struct io_device *ret)
{
	char text[32];
	ssize_t size = root_read(root, path, text, sizeof text);

	if (size < 0)
		return (int)size;
	size -= size > 0 && text[size - 1] == '\n';
	return io_device_parse(text, (size_t)size, ret, NULL);
}

static int number_by_name(struct root *root, const char *name, struct io_device *ret)
{
	char path[96];

	if (strlen(name) >= 32 || strchr(name, '/') != NULL)
		return -ENOENT;
	snprintf(path, sizeof path, "/sys/class/block/%s/dev", name);
	return read_number(root, path, ret);
}

/* The last and the last but one component of where /sys says that the device is. */
static bool device_names(struct root *root, struct io_device number, char ret_own[static 32],
			 char ret_above[static 32])
{
	char path[64], link[512];
	char *own, *above;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/dev/block/%u:%u", number.major, number.minor);
	size = root_readlink(root, path, link, sizeof link - 1);
	if (size <= 0)
		return false;
	link[size] = '\0';
	own = strrchr(link, '/');
	if (own == NULL)
		return false;
	*own++ = '\0';
	above = strrchr(link, '/');
	above = above != NULL ? above + 1 : link;
	if (strlen(own) >= 32 || strlen(above) >= 32)
		return false;
	strcpy(ret_own, own);
	strcpy(ret_above, above);
	return true;
}

static bool is_partition(struct root *root, const char *name)
{
	char path[96];

	snprintf(path, sizeof path, "/sys/class/block/%.31s/partition", name);
	return root_exists(root, path);
}

static void add_device(struct search *search, struct io_device number)
{
	struct disk_devices *found = search->found;
	struct disk_device device = { .number = number };
	char above[32];

	if (!device_names(search->root, number, device.name, above))
		return;
	if (is_partition(search->root, device.name)) {
		strcpy(device.name, above);
		if (number_by_name(search->root, above, &device.number) < 0)
			return;
	}
	for (size_t i = 0; i < found->count; i++)
		if (found->items[i].number.major == device.number.major &&
		    found->items[i].number.minor == device.number.minor)
			return;
	if (found->count < DISK_DEVICES_MAX)
		found->items[found->count++] = device;
}

/* -- file systems, by mountinfo */

struct mount {
	struct io_device number;
	char kind[32], source[128];
};

static void take_copy(struct cursor *c, char *ret, size_t ret_size)
{
	const char *word;
	size_t size;

	ret[0] = '\0';
	if (!cursor_take_word(c, &word, &size))
		return;
	size = size < ret_size ? size : ret_size - 1;
	memcpy(ret, word, size);
	ret[size] = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static bool mount_take(struct cursor line, uint64_t id, struct mount *ret)
{
	const char *word;
	uint64_t its_id;
	size_t size;

	if (!cursor_take_u64(&line, &its_id) || its_id != id)
		return false;
	cursor_skip_words(&line, 1);
	if (!cursor_take_word(&line, &word, &size) ||
	    io_device_parse(word, size, &ret->number, NULL) < 0)
		return false;
	do {
		if (!cursor_take_word(&line, &word, &size))
			return false;
	} while (size != 1 || *word != '-');
	take_copy(&line, ret->kind, sizeof ret->kind);
	take_copy(&line, ret->source, sizeof ret->source);
	return true;
}

static bool mount_find(const struct search *search, uint64_t id, struct mount *ret)
{
	struct cursor c = cursor_over(search->mounts, search->mounts_size);
	struct cursor line;

	while (cursor_take_line(&c, &line))
		if (mount_take(line, id, ret))
			return true;
	return false;
}

/* In memory, or the kernel's own: no disk is behind them. */
static bool is_without_disk(const char *kind)
{
	static const char *const kinds[] = {
		"tmpfs", "devtmpfs", "devpts", "hugetlbfs", "proc", "sysfs", "ramfs", "cgroup",
		"cgroup2", "debugfs", "tracefs", "securityfs", "pstore", "mqueue", "bpf", "nsfs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

/* Some file systems (btrfs) have a number of their own, and name the device they lie on. */
static void add_mount(struct search *search, const struct mount *mount)
{
	struct io_device number;

	if (is_without_disk(mount->kind))
		return;
	if (mount->number.major != 0)
		add_device(search, mount->number);
	else if (strncmp(mount->source, "/dev/", 5) == 0 &&
		 number_by_name(search->root, strrchr(mount->source, '/') + 1, &number) == 0)
		add_device(search, number);
	else
		strcpy(search->found->elsewhere, mount->kind);
}

/* -- descriptors */

struct descriptor {
	uint64_t flags, mount;
	bool complete;
};

static void descriptor_read(const struct search *search, const char *fd, struct descriptor *ret)
{
	char path[64], bytes[FDINFO_BYTES];
	struct cursor c, line;
	bool flags = false, mount = false;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%.16s", search->pid, fd);
	size = root_read(search->root, path, bytes, sizeof bytes);
	c = cursor_over(bytes, size > 0 ? (size_t)size : 0);
	while (cursor_take_line(&c, &line)) {
		if (cursor_take_text(&line, "flags:")) {
			ret->flags = strtoull(line.at, NULL, 8);
			flags = true;
		} else if (cursor_take_text(&line, "mnt_id:")) {
			mount = cursor_take_u64(&line, &ret->mount);
		}
	}
	ret->complete = flags && mount;
}

/* Also what VMMs write their number into. */
static bool is_log(const struct descriptor *descriptor, const char *link, size_t size)
{
	if (size > 4 && memcmp(link + size - 4, ".pid", 4) == 0)
		return true;
	return (descriptor->flags & O_ACCMODE) == O_WRONLY || (descriptor->flags & O_APPEND) != 0;
}

static bool is_directory(const struct descriptor *descriptor)
{
	return (descriptor->flags & (O_DIRECTORY | O_PATH)) != 0;
}

static int look_at(const char *fd, void *context)
{
	struct search *search = context;
	struct descriptor descriptor = { 0 };
	struct io_device number;
	struct mount mount;
	char path[64], link[LINK_BYTES];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/fd/%.16s", search->pid, fd);
	size = root_readlink(search->root, path, link, sizeof link - 1);
	if (size <= 0 || link[0] != '/')
		return 0;
	link[size] = '\0';
	if (strncmp(link, "/dev/", 5) == 0 &&
	    number_by_name(search->root, strrchr(link, '/') + 1, &number) == 0) {
		add_device(search, number);
		return 0;
	}
	descriptor_read(search, fd, &descriptor);
	if (descriptor.complete && !is_log(&descriptor, link, (size_t)size) && !is_directory(&descriptor) &&
	    mount_find(search, descriptor.mount, &mount))
		add_mount(search, &mount);
	return 0;
}

static int none_found(const struct disk_devices *found, struct error *err)
{
	if (found->elsewhere[0] != '\0')
		return error_set(err, -EOPNOTSUPP, "its disks lie on %.31s, behind which there is no "
				 "block device of this host", found->elsewhere);
	return error_set(err, -EOPNOTSUPP, "it has no disk on a block device of this host");
}

int disk_devices_find(struct root *root, pid_t pid, struct disk_devices *ret, struct error *err)
{
	struct search search = { .root = root, .pid = pid, .found = ret };
	CLEANUP_FREE char *mounts = NULL;
	char path[64];
	ssize_t size;
	int r;

	memset(ret, 0, sizeof *ret);
	snprintf(path, sizeof path, "/proc/%d/mountinfo", pid);
	size = root_read_all(root, path, MOUNTS_LIMIT, &mounts);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	search.mounts = mounts;
	search.mounts_size = (size_t)size;
	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	r = root_list(root, path, look_at, &search);
	if (r < 0)
		return error_errno(err, r, "cannot list %s", path);
	return ret->count > 0 ? 0 : none_found(ret, err);
}
