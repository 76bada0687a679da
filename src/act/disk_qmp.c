/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk.throttle by QEMU itself: works with every scheduler and for image files. Reads and writes
 * have a limit each; where a limit of both together stands, it stays, or becomes ours where ours is
 * lower. Bursts of that group would go past the limit, and are off while it stands.
 */
#include "act/act_lease.h"
#include "act/actuator.h"
#include "act/owner_qmp.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRIVES_MAX = 64, GROUP_SIZE = 9 };

extern const struct actuator act_disk_qmp;
extern const struct lease_kind act_disk_qmp_kind;

/* Total, read, write; their bursts; the bursts' lengths. */
static const enum qmp_limit groups[2][GROUP_SIZE] = {
	{ QMP_LIMIT_bps, QMP_LIMIT_bps_rd, QMP_LIMIT_bps_wr, QMP_LIMIT_bps_max, QMP_LIMIT_bps_rd_max,
	  QMP_LIMIT_bps_wr_max, QMP_LIMIT_bps_max_length, QMP_LIMIT_bps_rd_max_length,
	  QMP_LIMIT_bps_wr_max_length },
	{ QMP_LIMIT_iops, QMP_LIMIT_iops_rd, QMP_LIMIT_iops_wr, QMP_LIMIT_iops_max,
	  QMP_LIMIT_iops_rd_max, QMP_LIMIT_iops_wr_max, QMP_LIMIT_iops_max_length,
	  QMP_LIMIT_iops_rd_max_length, QMP_LIMIT_iops_wr_max_length },
};

static const char *const group_names[2] = { "bps", "iops" };

static unsigned group_of(enum setting setting)
{
	return setting == SETTING_DISK_THROTTLE ? 0 : 1;
}

/* -- the lease: "GROUP device|id NAME SOCKET"; was: the group's numbers in order */

static void numbers_append(struct str *str, const struct qmp_drive *drive, unsigned group)
{
	for (size_t i = 0; i < GROUP_SIZE; i++)
		str_appendf(str, "%s%" PRId64, i > 0 ? " " : "", drive->limit[groups[group][i]]);
}

static bool numbers_take(const char *text, struct qmp_drive *drive, unsigned group)
{
	struct cursor c = cursor_over(text, strlen(text));

	for (size_t i = 0; i < GROUP_SIZE; i++)
		if (!cursor_take_i64(&c, &drive->limit[groups[group][i]]) ||
		    drive->limit[groups[group][i]] < 0)
			return false;
	return true;
}

struct place {
	unsigned group;
	bool is_device;
	char name[QMP_DRIVE_NAME_SIZE];
	const char *path;
};

static bool take_word(struct cursor *c, char *ret, size_t ret_size)
{
	const char *word;
	size_t size;

	if (!cursor_take_word(c, &word, &size) || size >= ret_size)
		return false;
	memcpy(ret, word, size);
	ret[size] = '\0';
	return true;
}

static bool place_parse(const char *target, struct place *ret)
{
	struct cursor c = cursor_over(target, strlen(target));
	char group[8], kind[8];

	if (!take_word(&c, group, sizeof group) || !take_word(&c, kind, sizeof kind) ||
	    !take_word(&c, ret->name, sizeof ret->name) || !cursor_take_text(&c, " "))
		return false;
	ret->group = strcmp(group, group_names[0]) == 0 ? 0 : 1;
	ret->is_device = strcmp(kind, "device") == 0;
	ret->path = c.at;
	return strcmp(group, group_names[ret->group]) == 0 && *ret->path != '\0';
}

static int find_drive(struct qmp *qmp, const struct place *place, struct qmp_drive *ret,
		      struct error *err)
{
	CLEANUP_FREE struct qmp_drive *drives = calloc(DRIVES_MAX, sizeof *drives);
	ssize_t count = drives != NULL ? qmp_drives(qmp, drives, DRIVES_MAX, err) :
					 error_errno(err, -ENOMEM, "drives");

	if (count < 0)
		return (int)count;
	for (ssize_t i = 0; i < count && i < DRIVES_MAX; i++)
		if (drives[i].is_device == place->is_device &&
		    strcmp(drives[i].name, place->name) == 0) {
			*ret = drives[i];
			return 0;
		}
	return error_set(err, -ENOENT, "there is no drive %s any more", place->name);
}

static int kind_undo(void *context, const struct vm_identity *vm, const char *target,
		     const char *was, const char *now, struct error *err)
{
	struct qmp_drive drive;
	struct place place;
	struct qmp *qmp;
	int r;

	if (!place_parse(target, &place))
		return error_set(err, -EINVAL, "the journal names no drive: %.100s", target);
	r = owner_qmp_reopen(context, vm, place.path, &qmp, err);
	if (r < 0)
		return r;
	r = find_drive(qmp, &place, &drive, err);
	if (r == 0 && !numbers_take(was, &drive, place.group))
		r = error_set(err, -EINVAL, "the journal has no limits for %.100s", target);
	if (r == 0)
		r = qmp_limit_drive(qmp, &drive, err);
	qmp_close(qmp);
	return r;
}

const struct lease_kind act_disk_qmp_kind = {
	.name = "disk-qmp",
	.slow = true,
	.undo = kind_undo,
};

/* -- one drive */

/* What it allows in the way that is less bound. */
static int64_t limit_of(const struct qmp_drive *drive, unsigned group)
{
	int64_t total = drive->limit[groups[group][0]];
	int64_t read = drive->limit[groups[group][1]], write = drive->limit[groups[group][2]];

	if (total > 0)
		return total;
	if (read == 0 || write == 0)
		return SETTING_UNLIMITED;
	return read > write ? read : write;
}

static void drive_turn(struct qmp_drive *drive, unsigned group, int64_t value)
{
	const enum qmp_limit *limits = groups[group];
	int64_t total = drive->limit[limits[0]];
	int64_t limit = value == SETTING_UNLIMITED ? 0 : value;

	for (size_t i = 0; i < GROUP_SIZE; i++)
		drive->limit[limits[i]] = 0;
	if (total > 0 && limit > 0)
		drive->limit[limits[0]] = total < limit ? total : limit;
	else
		drive->limit[limits[1]] = drive->limit[limits[2]] = limit;
}

static int limit_leased(struct act_context *context, const struct act_target *target,
			struct qmp *qmp, const char *what, const char *was, const char *now,
			const struct qmp_drive *turned, struct error *err)
{
	uint64_t id;
	bool new;
	int r = act_lease_take(context, target, &act_disk_qmp_kind, what, was, now, &id, &new, err);

	if (r < 0)
		return r;
	r = qmp_limit_drive(qmp, turned, err);
	/* After silence nobody knows whether it was done: then the lease stands. */
	if (r < 0 && r != -ETIMEDOUT && r != -ECONNRESET && new)
		leases_drop(context->leases, id, NULL);
	return r;
}

static int limit_drive(struct act_context *context, const struct act_target *target,
		       struct qmp *qmp, const char *path, const struct qmp_drive *drive,
		       unsigned group, int64_t value, struct error *err)
{
	struct qmp_drive turned = *drive;
	char what[QMP_DRIVE_NAME_SIZE + OWNER_QMP_PATH_SIZE + 32];
	struct str was, now;
	int r;

	drive_turn(&turned, group, value);
	snprintf(what, sizeof what, "%s %s %s %s", group_names[group],
		 drive->is_device ? "device" : "id", drive->name, path);
	str_init(&was);
	str_init(&now);
	numbers_append(&was, drive, group);
	numbers_append(&now, &turned, group);
	r = was.failed || now.failed ? error_errno(err, -ENOMEM, "limits of a drive") :
	    limit_leased(context, target, qmp, what, was.data, now.data, &turned, err);
	str_done(&was);
	str_done(&now);
	return r;
}

/* -- the actuator */

static int qmp_serves(struct act_context *context, const struct act_target *target,
		      enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	return owner_qmp_serves(context, target, reason);
}

static ssize_t open_drives(struct act_context *context, const struct act_target *target,
			   struct qmp **ret, char path[static OWNER_QMP_PATH_SIZE],
			   struct qmp_drive *drives, struct error *err)
{
	ssize_t count = owner_qmp_open(context, target, ret, path, err);

	if (count < 0)
		return count;
	count = qmp_drives(*ret, drives, DRIVES_MAX, err);
	if (count == 0)
		count = error_set(err, -EOPNOTSUPP, "its QEMU has no drive that could be limited");
	if (count < 0)
		qmp_close(*ret);
	return count < DRIVES_MAX ? count : DRIVES_MAX;
}

static int disk_read(struct act_context *context, const struct act_target *target,
		     enum setting setting, struct setting_value *ret, char where[static 64],
		     struct error *err)
{
	CLEANUP_FREE struct qmp_drive *drives = calloc(DRIVES_MAX, sizeof *drives);
	char path[OWNER_QMP_PATH_SIZE];
	int64_t loosest = 0;
	struct qmp *qmp;
	ssize_t count;

	if (drives == NULL)
		return error_errno(err, -ENOMEM, "drives");
	count = open_drives(context, target, &qmp, path, drives, err);
	if (count < 0)
		return (int)count;
	qmp_close(qmp);
	for (ssize_t i = 0; i < count; i++) {
		int64_t limit = limit_of(&drives[i], group_of(setting));

		loosest = limit > loosest ? limit : loosest;
	}
	ret->number = loosest;
	snprintf(where, 64, "QEMU's block_set_io_throttle");
	return 0;
}

static int disk_set(struct act_context *context, const struct act_target *target,
		    enum setting setting, const struct setting_value *value,
		    char where[static 64], struct error *err)
{
	CLEANUP_FREE struct qmp_drive *drives = calloc(DRIVES_MAX, sizeof *drives);
	char path[OWNER_QMP_PATH_SIZE];
	struct qmp *qmp;
	ssize_t count;
	int r = 0;

	if (drives == NULL)
		return error_errno(err, -ENOMEM, "drives");
	count = open_drives(context, target, &qmp, path, drives, err);
	if (count < 0)
		return (int)count;
	for (ssize_t i = 0; r == 0 && i < count; i++)
		r = limit_drive(context, target, qmp, path, &drives[i], group_of(setting),
				value->number, err);
	qmp_close(qmp);
	snprintf(where, 64, "QEMU's block_set_io_throttle");
	return r;
}

const struct actuator act_disk_qmp = {
	.name = "disk-qmp",
	.settings = { SETTING_DISK_THROTTLE, SETTING_DISK_THROTTLE_OPERATIONS },
	.setting_count = 2,
	.slow = true,
	.serves = qmp_serves,
	.read = disk_read,
	.set = disk_set,
};
