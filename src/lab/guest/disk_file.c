/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/disk_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/scratch.h"
#include "lab/host/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* How a child of ours names a file of ours that has no name. */
struct fd_path {
	char text[48];
};

static struct fd_path fd_path(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof path.text, "/proc/%d/fd/%d", (int)getpid(), fd);
	return path;
}

static int disk_full(const struct disk_file_plan *plan, struct error *err)
{
	uint64_t available = 0;

	host_disk_free(plan->directory, &available, NULL);
	return error_set(err, -ENOSPC, "no room for a disk of %llu MiB in %s, where %llu MiB are free",
			 (unsigned long long)(plan->bytes >> 20), plan->directory,
			 (unsigned long long)(available >> 20));
}

/* What is free is looked at first: setting aside what does not fit takes all that there is, from
 * everybody, before it fails. */
static int room_reserve(const struct disk_file_plan *plan, int fd, struct error *err)
{
	uint64_t available;

	if (host_disk_free(plan->directory, &available, err) < 0)
		return err != NULL ? err->code : -EIO;
	if (available < plan->bytes)
		return disk_full(plan, err);
	if (ftruncate(fd, (off_t)plan->bytes) != 0)
		return error_errno(err, -errno, "a disk in %s", plan->directory);
	if (fallocate(fd, 0, 0, (off_t)plan->bytes) == 0 || errno == EOPNOTSUPP)
		return 0;
	if (errno == ENOSPC || errno == EDQUOT)
		return disk_full(plan, err);
	return error_errno(err, -errno, "a disk in %s", plan->directory);
}

static int direct_check(const struct disk_file_plan *plan, int fd, struct error *err)
{
	struct fd_path path = fd_path(fd);
	CLEANUP_CLOSE int direct = -1;

	if (plan->cache != GUEST_CACHE_DIRECT)
		return 0;
	direct = open(path.text, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (direct >= 0)
		return 0;
	return error_set(err, -EINVAL, "%s is on a file system without O_DIRECT, which a disk "
			 "that goes past the page cache needs: say another directory",
			 plan->directory);
}

/* Nothing is left to be done in the background, which would be measured with everything else. */
static int ext4_make(int fd, struct error *err)
{
	CLEANUP_FREE char *program = NULL;
	struct fd_path path = fd_path(fd);
	const char *arguments[] = { NULL, "-q", "-F", "-t", "ext4", "-m", "0", "-E",
				    "lazy_itable_init=0,lazy_journal_init=1,nodiscard",
				    path.text, NULL };
	int code = host_program("mke2fs", &program, err);

	if (code < 0)
		return code;
	arguments[0] = program;
	return tool_run(arguments, NULL, -1, NULL, err);
}

static int raw_make(const struct disk_file_plan *plan, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	int code = unnamed_file(plan->directory, &fd, err);

	if (code == 0)
		code = room_reserve(plan, fd, err);
	if (code == 0 && !plan->blank)
		code = ext4_make(fd, err);
	if (code < 0)
		return code;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int qcow2_fill(int raw, int fd, struct error *err)
{
	CLEANUP_FREE char *program = NULL;
	struct fd_path from = fd_path(raw), to = fd_path(fd);
	const char *arguments[] = { NULL, "convert", "-f", "raw", "-O", "qcow2", from.text,
				    to.text, NULL };
	int code = host_program("qemu-img", &program, err);

	if (code < 0)
		return code;
	arguments[0] = program;
	return tool_run(arguments, NULL, -1, NULL, err);
}

/* A qcow2 grows as it is written. So does the raw one that it is made from. */
static int qcow2_make(const struct disk_file_plan *plan, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSE int raw = -1;
	CLEANUP_CLOSE int fd = -1;
	int code = unnamed_file(plan->directory, &raw, err);

	if (code == 0 && ftruncate(raw, (off_t)plan->bytes) != 0)
		code = error_errno(err, -errno, "a disk in %s", plan->directory);
	if (code == 0 && !plan->blank)
		code = ext4_make(raw, err);
	if (code == 0)
		code = unnamed_file(plan->directory, &fd, err);
	if (code == 0)
		code = qcow2_fill(raw, fd, err);
	if (code < 0)
		return code;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int disk_file_make(const struct disk_file_plan *plan, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	int code = plan->format == GUEST_DISK_QCOW2 ? qcow2_make(plan, &fd, err) :
						      raw_make(plan, &fd, err);

	if (code == 0)
		code = direct_check(plan, fd, err);
	if (code < 0)
		return code;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
