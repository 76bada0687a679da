/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/image/image_tree.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/io.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define UNITS "/etc/systemd/system"
#define UNIT "truce-agent.service"

/* The bytes of data/systemd/truce-agent.service. */
extern const char image_unit[];

static int place_make(const char *tree, const char *path, char **ret, struct error *err)
{
	char *full, *slash;

	if (asprintf(&full, "%s%s", tree, path) < 0)
		return error_errno(err, -ENOMEM, "%s", path);
	for (slash = strchr(full + strlen(tree) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST) {
			int code = error_errno(err, -errno, "%s", full);

			free(full);
			return code;
		}
		*slash = '/';
	}
	*ret = full;
	return 0;
}

static int text_put(const char *tree, const char *path, const char *text, struct error *err)
{
	CLEANUP_FREE char *full = NULL;
	CLEANUP_CLOSE int fd = -1;
	int code = place_make(tree, path, &full, err);

	if (code < 0)
		return code;
	unlink(full);
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	code = fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
	return code < 0 ? error_errno(err, code, "%s", full) : 0;
}

static int link_put(const char *tree, const char *path, const char *target, struct error *err)
{
	CLEANUP_FREE char *full = NULL;
	int code = place_make(tree, path, &full, err);

	if (code < 0)
		return code;
	unlink(full);
	return symlink(target, full) < 0 ? error_errno(err, -errno, "%s", full) : 0;
}

static int program_put(const char *tree, const char *path, const char *program,
		       struct error *err)
{
	CLEANUP_FREE char *full = NULL;
	CLEANUP_CLOSE int from = open(program, O_RDONLY | O_CLOEXEC);
	CLEANUP_CLOSE int to = -1;
	struct stat status;
	ssize_t size = 1;
	int code;

	if (from < 0 || fstat(from, &status) < 0)
		return error_errno(err, -errno, "%s", program);
	code = place_make(tree, path, &full, err);
	if (code < 0)
		return code;
	to = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	for (off_t at = 0; to >= 0 && at < status.st_size && size > 0; at += size)
		size = sendfile(to, from, NULL, (size_t)(status.st_size - at));
	return to < 0 || size <= 0 ? error_errno(err, -errno, "%s", full) : 0;
}

/* -- the agent ----------------------------------------------------------------------------------- */

static int agent_put(const char *tree, const char *agent, struct error *err)
{
	int code = program_put(tree, TRUCE_LIBEXECDIR "/truce-agent", agent, err);

	if (code == 0)
		code = text_put(tree, UNITS "/" UNIT, image_unit, err);
	if (code == 0)
		code = link_put(tree, UNITS "/multi-user.target.wants/" UNIT, "../" UNIT, err);
	return code;
}

/* -- quiet ---------------------------------------------------------------------------------------- */

/* What wakes up some day, at a network or at the first boot. */
static int silence(const char *tree, struct error *err)
{
	static const char *const units[] = {
		"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
		"e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "logrotate.timer",
		"man-db.timer", "systemd-tmpfiles-clean.timer", "systemd-timesyncd.service",
		"systemd-networkd.service", "systemd-pstore.service", "iperf3.service",
		"getty@tty1.service",
		/* The console is the host's, for the kernel's last words. */
		"serial-getty@ttyS0.service",
	};
	char path[128];
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_SIZE(units); i++) {
		snprintf(path, sizeof path, UNITS "/%s", units[i]);
		code = link_put(tree, path, "/dev/null", err);
	}
	return code;
}

/* Known, it is no first boot: that would set up all services anew each time. The same of all its
 * guests, which have nothing with each other to do. */
static int identity_put(const char *tree, struct error *err)
{
	unsigned char bytes[16];
	char text[sizeof bytes * 2 + 2];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return error_errno(err, -errno, "no random bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	strcat(text, "\n");
	return text_put(tree, "/etc/machine-id", text, err);
}

int image_tree_finish(const char *tree, const char *agent, struct error *err)
{
	int code = agent_put(tree, agent, err);

	if (code == 0)
		code = silence(tree, err);
	if (code == 0)
		code = link_put(tree, UNITS "/default.target", "/lib/systemd/system/multi-user.target", err);
	if (code == 0)
		code = identity_put(tree, err);
	if (code == 0)
		code = text_put(tree, "/etc/hostname", "truce-guest\n", err);
	if (code == 0)
		code = text_put(tree, "/etc/hosts", "127.0.0.1 localhost truce-guest\n", err);
	if (code == 0)
		code = text_put(tree, "/etc/fstab", "# The laboratory mounts what there is.\n", err);
	if (code == 0)
		code = text_put(tree, "/etc/systemd/journald.conf.d/truce.conf",
				"# Nothing is written to the disk that is being measured.\n"
				"[Journal]\nStorage=volatile\n", err);
	return code;
}
