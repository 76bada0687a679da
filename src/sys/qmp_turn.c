/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp_turn.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_NAME(name) #name,

static const char *const limit_names[QMP_LIMIT_COUNT] = { QMP_LIMITS(LIMIT_NAME) };

/* One word of plain characters that fits: a name is written into the journal and back to QEMU. */
static bool take_name(json_t *text, char ret[static QMP_DRIVE_NAME_SIZE])
{
	const char *name = json_string_value(text);
	size_t size = name != NULL ? strlen(name) : 0;

	if (size == 0 || size >= QMP_DRIVE_NAME_SIZE)
		return false;
	for (size_t i = 0; i < size; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f)
			return false;
	memcpy(ret, name, size + 1);
	return true;
}

/* A drive of -drive has its own name; one of -blockdev has only its device's. */
static bool drive_take(json_t *entry, struct qmp_drive *ret)
{
	json_t *medium = json_object_get(entry, "inserted");

	memset(ret, 0, sizeof *ret);
	if (!json_is_object(medium))
		return false;
	ret->is_device = take_name(json_object_get(entry, "device"), ret->name);
	if (!ret->is_device && !take_name(json_object_get(entry, "qdev"), ret->name))
		return false;
	if (json_object_get(medium, "group") != NULL &&
	    !take_name(json_object_get(medium, "group"), ret->group))
		return false;
	for (size_t i = 0; i < QMP_LIMIT_COUNT; i++) {
		json_t *number = json_object_get(medium, limit_names[i]);

		if (json_is_integer(number) && json_integer_value(number) > 0)
			ret->limit[i] = json_integer_value(number);
	}
	return true;
}

ssize_t qmp_drives(struct qmp *qmp, struct qmp_drive *ret, size_t capacity, struct error *err)
{
	struct qmp_drive drive;
	json_t *answer, *entry;
	ssize_t count = 0;
	size_t i;
	int r = qmp_command(qmp, "query-block", NULL, &answer, err);

	if (r < 0)
		return r;
	json_array_foreach(answer, i, entry) {
		if (!drive_take(entry, &drive))
			continue;
		if ((size_t)count < capacity)
			ret[count] = drive;
		count++;
	}
	json_decref(answer);
	return count;
}

/* QEMU wants the first six always, and takes a length only beside its burst. */
static bool limit_is_sent(const struct qmp_drive *drive, size_t limit)
{
	return limit < QMP_LIMIT_ALWAYS || drive->limit[limit] != 0;
}

int qmp_limit_drive(struct qmp *qmp, const struct qmp_drive *drive, struct error *err)
{
	json_t *arguments = json_pack("{s:s}", drive->is_device ? "device" : "id", drive->name);
	json_t *answer;
	int r;

	for (size_t i = 0; i < QMP_LIMIT_COUNT; i++)
		if (limit_is_sent(drive, i))
			json_object_set_new(arguments, limit_names[i], json_integer(drive->limit[i]));
	if (drive->group[0] != '\0')
		json_object_set_new(arguments, "group", json_string(drive->group));
	if (arguments == NULL)
		return error_errno(err, -ENOMEM, "a QMP command");
	r = qmp_command(qmp, "block_set_io_throttle", arguments, &answer, err);
	json_decref(arguments);
	if (r == 0)
		json_decref(answer);
	return r;
}

int qmp_set_balloon(struct qmp *qmp, int64_t bytes, struct error *err)
{
	json_t *arguments = json_pack("{s:I}", "value", (json_int_t)bytes);
	json_t *answer;
	int r;

	if (arguments == NULL)
		return error_errno(err, -ENOMEM, "a QMP command");
	r = qmp_command(qmp, "balloon", arguments, &answer, err);
	json_decref(arguments);
	if (r == 0)
		json_decref(answer);
	return r;
}

int qmp_balloon_deflates(struct qmp *qmp, struct error *err)
{
	json_t *arguments, *answer;
	char path[256];
	int r = qmp_balloon_path(qmp, path, sizeof path, err);

	if (r == 0)
		return error_set(err, -ENODEV, "this QEMU has no balloon");
	if (r < 0)
		return r;
	arguments = json_pack("{s:s, s:s}", "path", path, "property", "deflate-on-oom");
	r = qmp_command(qmp, "qom-get", arguments, &answer, err);
	json_decref(arguments);
	if (r < 0)
		return r;
	r = json_is_boolean(answer) ? json_is_true(answer) : -EPROTO;
	json_decref(answer);
	return r;
}
