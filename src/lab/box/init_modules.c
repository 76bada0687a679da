/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/init_modules.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/box/box_job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MODPROBE "/sbin/modprobe"
#define KERNEL_MODPROBE "/run/truce-modprobe"
#define MODULE_WORDS_MOST 32
#define DISK_LIMIT_USEC (20 * USEC_PER_SEC)
#define DISK_POLL_MSEC 2

static int file_write(const char *path, mode_t mode, const char *text, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return error_errno(err, -errno, "cannot write %s", path);
	return 0;
}

int init_modules_prepare(const char *job, size_t size, struct error *err)
{
	const char *modules = box_job_get(job, size, BOX_JOB_MODULES);
	struct str script;
	int code;

	if (modules == NULL)
		return 0;
	str_init(&script);
	str_appendf(&script, "#!/bin/sh\nexec " MODPROBE " -d '%s' \"$@\"\n", modules);
	code = script.failed ? error_errno(err, -ENOMEM, KERNEL_MODPROBE) :
			       file_write(KERNEL_MODPROBE, 0755, script.data, err);
	if (code == 0)
		code = file_write("/proc/sys/kernel/modprobe", 0644, KERNEL_MODPROBE, err);
	str_done(&script);
	return code;
}

/* Runs it and returns the last line that it said on stderr. False where it failed. */
static bool modprobe_run(const char *const *arguments, char *said, size_t said_size)
{
	int complaint[2], status = 0;
	size_t filled = 0;
	ssize_t size;
	pid_t pid;

	if (pipe2(complaint, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(complaint[1], STDERR_FILENO);
		execv(MODPROBE, (char *const *)arguments);
		dprintf(STDERR_FILENO, MODPROBE " cannot be executed: %s", strerror(errno));
		_exit(127);
	}
	close(complaint[1]);
	while ((size = read(complaint[0], said + filled, said_size - 1 - filled)) > 0)
		filled += (size_t)size;
	said[filled] = '\0';
	said[strcspn(said, "\n")] = '\0';
	close(complaint[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* module: a name, then parameters, which modprobe takes as further arguments. */
int init_module_load(const char *modules, const char *module, struct error *err)
{
	const char *arguments[MODULE_WORDS_MOST + 4] = { MODPROBE, "-d", modules };
	CLEANUP_FREE char *words = strdup(module);
	char said[256];
	size_t count = 3;
	char *word, *rest;

	if (modules == NULL)
		return error_set(err, -ENOENT, "no modules for this kernel: give --modules");
	if (words == NULL)
		return error_errno(err, -ENOMEM, "%s", module);
	for (word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
		if (count == ARRAY_SIZE(arguments) - 1)
			return error_set(err, -E2BIG, "too many parameters of module %s", words);
		arguments[count++] = word;
	}
	if (!modprobe_run(arguments, said, sizeof said))
		return error_set(err, -EIO, "cannot load the module %s: %s", module, said);
	return 0;
}

/* The flag as a whole word of the first processor's line. */
static bool processor_has(const char *flag)
{
	CLEANUP_FCLOSE FILE *file = fopen("/proc/cpuinfo", "re");
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	while (file != NULL && (size = getline(&line, &capacity, file)) > 0) {
		struct cursor cursor = cursor_over(line, (size_t)size);
		const char *word;
		size_t word_size;

		if (!cursor_take_text(&cursor, "flags"))
			continue;
		while (cursor_take_word(&cursor, &word, &word_size))
			if (word_size == strlen(flag) && memcmp(word, flag, word_size) == 0)
				return true;
		return false;
	}
	return false;
}

static int kvm_load(const char *modules, struct error *err)
{
	const char *module = processor_has("svm") ? "kvm-amd" :
			     processor_has("vmx") ? "kvm-intel" : NULL;
	int code;

	if (module == NULL)
		return error_set(err, -ENOTSUP,
				 "the box's processor shows neither svm nor vmx: "
				 "nested virtualisation is off on this machine");
	code = init_module_load(modules, module, err);
	if (code == 0 && access("/dev/kvm", F_OK) != 0)
		return error_set(err, -ENODEV, "%s is loaded, but there is no /dev/kvm", module);
	return code;
}

/* A disk's driver makes it on its own time. */
static int disks_await(unsigned count, struct error *err)
{
	uint64_t limit = clock_monotonic_usec() + DISK_LIMIT_USEC;
	char path[32];

	snprintf(path, sizeof path, "/dev/vd%c", 'a' + (int)count - 1);
	while (access(path, F_OK) != 0) {
		if (clock_monotonic_usec() > limit)
			return error_set(err, -ENODEV, "%s did not appear", path);
		poll(NULL, 0, DISK_POLL_MSEC);
	}
	return 0;
}

int init_modules_load(const char *job, size_t size, struct error *err)
{
	const char *modules = box_job_get(job, size, BOX_JOB_MODULES);
	const char *disks = box_job_get(job, size, BOX_JOB_DISKS);
	const char *module;
	size_t at = 0;
	int code = 0;

	if (disks != NULL) {
		code = init_module_load(modules, "virtio_blk", err);
		if (code == 0)
			code = disks_await((unsigned)atoi(disks), err);
	}
	while (code == 0 && (module = box_job_next(job, size, &at, BOX_JOB_MODULE)) != NULL)
		code = init_module_load(modules, module, err);
	if (code == 0 && box_job_get(job, size, BOX_JOB_NESTED) != NULL)
		code = kvm_load(modules, err);
	return code;
}
