/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/init_systemd.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/box/box_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEMD "/lib/systemd/systemd"
#define UNITS "/run/systemd/system"
#define JOB UNITS "/truce-box.job"
#define GENERATORS "/run/systemd/system-generators"

struct text_file {
	const char *path;
	const char *text;
};

/* D-Bus would pull in all of sysinit.target, with udev, the journal and this machine's mounts. */
#define ALONE "[Unit]\nDefaultDependencies=no\n"

static const struct text_file files[] = {
	{ "/run/systemd/system.conf.d/truce-box.conf",
	  "[Manager]\nDefaultStandardOutput=null\nLogTarget=null\nShowStatus=no\n" },
	{ UNITS "/dbus.service.d/truce-box.conf", ALONE },
	{ UNITS "/dbus.socket.d/truce-box.conf", ALONE },
	{ UNITS "/truce-box.target", ALONE "Requires=dbus.socket truce-box.service\n" },
};

static const char *const directories[] = {
	"/run/systemd", "/run/systemd/system.conf.d", UNITS, UNITS "/dbus.service.d",
	UNITS "/dbus.socket.d", GENERATORS,
};

static int file_write(const char *path, const char *bytes, size_t size, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		return error_errno(err, -errno, "cannot write %s", path);
	return 0;
}

static int directories_make(struct error *err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdir(directories[i], 0755) != 0 && errno != EEXIST)
			return error_errno(err, -errno, "cannot make %s", directories[i]);
	return 0;
}

/* A generator that is a link to /dev/null in /run is not run: they would make units of this
 * machine's fstab, disks and clouds. */
static void generators_mask(void)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir("/lib/systemd/system-generators");
	struct dirent *entry;
	char path[512];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, GENERATORS "/%s", entry->d_name);
		if (symlink("/dev/null", path) != 0)
			continue;
	}
}

/* Quoted as systemd wants it: a path may have blanks, and % is special there. */
static int service_write(const char *init, struct error *err)
{
	CLEANUP_FREE char *text = NULL;

	if (strpbrk(init, "%\\\"'$\n") != NULL)
		return error_set(err, -EINVAL, "%s: systemd cannot take this path", init);
	if (asprintf(&text,
		     ALONE "After=dbus.socket\n"
		     "[Service]\nType=exec\nExecStart=\"%s\" --job " JOB "\n",
		     init) < 0)
		return error_errno(err, -ENOMEM, "no room for a unit");
	return file_write(UNITS "/truce-box.service", text, strlen(text), err);
}

int init_systemd_exec(const char *init, const char *job, size_t size, struct error *err)
{
	static const char *const arguments[] = { SYSTEMD, "--system", "--unit=truce-box.target",
						 NULL };
	size_t i;
	int code = directories_make(err);

	for (i = 0; code == 0 && i < ARRAY_SIZE(files); i++)
		code = file_write(files[i].path, files[i].text, strlen(files[i].text), err);
	if (code == 0)
		code = file_write(JOB, job, size, err);
	if (code == 0)
		code = service_write(init, err);
	if (code < 0)
		return code;
	generators_mask();
	execv(SYSTEMD, (char *const *)arguments);
	return error_errno(err, -errno, SYSTEMD " cannot be executed");
}

int init_systemd_read_job(const char *path, char *job, size_t *ret_size, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd >= 0 ? read(fd, job, BOX_FRAME_MAX) : -1;

	if (size < 0)
		return error_errno(err, -errno, "%s", path);
	*ret_size = (size_t)size;
	return 0;
}
