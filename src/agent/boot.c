/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/boot.h"

#include "agent/boot_net.h"
#include "agent/boot_root.h"
#include "agent/boot_words.h"
#include "agent/session.h"
#include "agent_boot.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define DISKS "/sys/block"
#define DISK_LINKS "/dev/disk"
#define WAIT_NSEC (3 * NSEC_PER_SEC)
#define LOOK_NSEC (5 * NSEC_PER_MSEC)

static void trouble(struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void trouble(struct session *session, const char *format, ...)
{
	char text[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	session_trouble(session, text);
}

/* --- file systems --- */

struct boot_mount {
	const char *type, *path;
	unsigned long flags;
	const char *options;
};

void boot_mounts(struct session *session)
{
	static const struct boot_mount mounts[] = {
		{ "devtmpfs", "/dev", MS_NOSUID, "mode=755" },
		{ "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
		{ "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
		{ "tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777" },
		{ "tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755" },
		{ "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		const struct boot_mount *it = &mounts[i];

		mkdir(it->path, 0755);
		/* EBUSY: a kernel with DEVTMPFS_MOUNT was here before. */
		if (mount(it->type, it->path, it->type, it->flags, it->options) < 0 &&
		    errno != EBUSY)
			trouble(session, "%s cannot be mounted: %s", it->path, strerror(errno));
	}
}

/* --- modules --- */

static void module_load(struct session *session, const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
		trouble(session, "module %s cannot be loaded: %s", path, strerror(errno));
}

static void modules_load(struct session *session)
{
	CLEANUP_FCLOSE FILE *order = fopen(AGENT_BOOT_MODULES, "re");
	char path[512];

	while (order != NULL && fgets(path, sizeof path, order) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		if (path[0] != '\0')
			module_load(session, path);
	}
}

/* --- disks --- */

static void look_wait(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = LOOK_NSEC }, NULL);
}

/* The disk's serial, of letters, digits, - and _; "" where it has none. */
static void serial_read(const char *disk, char serial[64])
{
	char path[sizeof DISKS + 300];
	CLEANUP_CLOSE int fd = -1;
	ssize_t size;

	serial[0] = '\0';
	snprintf(path, sizeof path, DISKS "/%.255s/serial", disk);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd >= 0 ? read(fd, serial, 63) : 0;
	serial[size > 0 ? size : 0] = '\0';
	serial[strspn(serial, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] =
		'\0';
}

/* `data`, `data1`, `data2`, ... */
static bool serial_is_data(const char *serial)
{
	size_t length = strlen(AGENT_BOOT_DATA);

	return strncmp(serial, AGENT_BOOT_DATA, length) == 0 &&
	       strspn(serial + length, "0123456789") == strlen(serial + length);
}

static void disk_mount(struct session *session, const char *device, const char *serial)
{
	char path[80];

	snprintf(path, sizeof path, "/%s", serial);
	mkdir(path, 0755);
	/* EINVAL: it has no ext4, and is meant to be used as it is. */
	if (mount(device, path, "ext4", MS_NOATIME, NULL) < 0 && errno != EINVAL)
		trouble(session, "%s cannot be mounted at %s: %s", device, path, strerror(errno));
}

static void disk_use(struct session *session, const char *disk, const char *serial)
{
	char device[300], link[sizeof DISK_LINKS + 80];

	snprintf(device, sizeof device, "/dev/%.255s", disk);
	snprintf(link, sizeof link, DISK_LINKS "/%s", serial);
	mkdir(DISK_LINKS, 0755);
	if (symlink(device, link) < 0 && errno != EEXIST)
		trouble(session, "%s: %s", link, strerror(errno));
	if (serial_is_data(serial))
		disk_mount(session, device, serial);
}

/* How many disks have a serial; with a session they are put to use. */
static unsigned disks_go_through(struct session *session)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(DISKS);
	struct dirent *entry;
	unsigned count = 0;
	char serial[64];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		serial_read(entry->d_name, serial);
		if (serial[0] == '\0')
			continue;
		count++;
		if (session != NULL)
			disk_use(session, entry->d_name, serial);
	}
	return count;
}

static void disks_use(struct session *session, const char *wanted_text)
{
	unsigned wanted = (unsigned)strtoul(wanted_text, NULL, 10), count = 0;
	uint64_t until = clock_monotonic_nsec() + WAIT_NSEC;

	while ((count = disks_go_through(NULL)) < wanted && clock_monotonic_nsec() < until)
		look_wait();
	if (count < wanted)
		trouble(session, "only %u of %u disks are there after 3 seconds", count, wanted);
	disks_go_through(session);
}

/* --- networks --- */

static void network_up(struct session *session, const char *value)
{
	uint64_t until = clock_monotonic_nsec() + WAIT_NSEC;
	struct boot_address address;
	struct error err = { 0 };
	int code;

	if (!boot_address_parse(value, &address)) {
		trouble(session, "%s%s is not DEVICE,ADDRESS/BITS[,GATEWAY]", AGENT_BOOT_WORD_IP,
			value);
		return;
	}
	while ((code = boot_net_address(&address, &err)) == -ENODEV &&
	       clock_monotonic_nsec() < until)
		look_wait();
	if (code < 0)
		session_trouble(session, err.text);
}

/* --- a distribution --- */

static void root_enter(struct session *session, const char *serial)
{
	char link[sizeof DISK_LINKS + 130];
	struct error err = { 0 };

	snprintf(link, sizeof link, DISK_LINKS "/%s", serial);
	if (boot_root_enter(link, &err) < 0)
		session_trouble(session, err.text);
}

/* --- all of it --- */

static size_t command_line_read(char *bytes, size_t size)
{
	CLEANUP_CLOSE int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, bytes, size) : 0;

	return length > 0 ? (size_t)length : 0;
}

static void word_last(struct cursor words, const char *name, char *ret, size_t size)
{
	ret[0] = '\0';
	while (boot_word_next(&words, name, ret, size))
		;
}

void boot_machine(struct session *session, char *ret_channel, size_t size)
{
	static char line[4096];
	struct cursor words = cursor_over(line, command_line_read(line, sizeof line)), at = words;
	char value[128];

	modules_load(session);
	word_last(words, AGENT_BOOT_WORD_CHANNEL, ret_channel, size);
	word_last(words, AGENT_BOOT_WORD_DISKS, value, sizeof value);
	disks_use(session, value);
	boot_net_loopback();
	while (boot_word_next(&at, AGENT_BOOT_WORD_IP, value, sizeof value))
		network_up(session, value);
	word_last(words, AGENT_BOOT_WORD_ROOT, value, sizeof value);
	if (value[0] != '\0')
		root_enter(session, value);
}

/* One of a job is left to that job, which looks at it in the same turn. */
void boot_reap(const struct session *session)
{
	siginfo_t child = { 0 };

	while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && child.si_pid > 0) {
		if (session_owns(session, child.si_pid))
			return;
		waitpid(child.si_pid, NULL, 0);
		child.si_pid = 0;
	}
}

void boot_power_off(void)
{
	/* Not synced: the disks of such a guest end with it. */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
