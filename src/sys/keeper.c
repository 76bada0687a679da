/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/keeper.h"

#include "base/cursor.h"
#include "base/str.h"
#include "sys/errno_name.h"
#include "sys/libvirt_status.h"
#include "sys/root.h"
#include "sys/secrets.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the copy has of a path. */
enum kept { KEPT_NOTHING, KEPT_REFUSAL, KEPT_DIRECTORY, KEPT_PRESENCE, KEPT_CONTENT };

void keeper_init(struct keeper *keeper, int directory, struct root *host)
{
	*keeper = (struct keeper){ .copy = { directory, host } };
	map_init(&keeper->kept);
}

void keeper_done(struct keeper *keeper)
{
	map_done(&keeper->kept);
}

bool keeper_path_process(const char *path, pid_t *ret)
{
	struct cursor at = cursor_over(path, strlen(path));
	uint64_t pid;

	if (!cursor_take_text(&at, "/proc/") || cursor_at_end(&at) ||
	    !isdigit((unsigned char)*at.at) || !cursor_take_u64(&at, &pid) || pid > INT_MAX)
		return false;
	*ret = (pid_t)pid;
	return true;
}

void keeper_fail(struct keeper *keeper, const char *path, int code)
{
	if (keeper->failure.code == 0)
		error_errno(&keeper->failure, code, "cannot write the copy of %s", path);
}

/* FNV-1a; two paths of one capture do not meet in 64 bits. */
static uint64_t path_hash(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (; *path != '\0'; path++)
		hash = (hash ^ (unsigned char)*path) * 0x100000001b3ull;
	return hash;
}

static enum kept kept_of(struct keeper *keeper, const char *path)
{
	return (enum kept)(uintptr_t)map_get(&keeper->kept, path_hash(path));
}

/* Takes the outcome of a write into the books. */
static void keeper_note(struct keeper *keeper, const char *path, enum kept kept, size_t size,
			int r)
{
	enum kept before = kept_of(keeper, path);

	if (r < 0) {
		/* Something else is there, as a link in a directory's place: that stays. */
		if (r != -EEXIST && r != -EINVAL && r != -ENOTDIR)
			keeper_fail(keeper, path, r);
		return;
	}
	if (!map_put(&keeper->kept, path_hash(path), (void *)(uintptr_t)kept))
		keeper_fail(keeper, path, -ENOMEM);
	keeper->counts.files += before == KEPT_NOTHING && kept >= KEPT_PRESENCE;
	keeper->counts.refused += kept == KEPT_REFUSAL;
	keeper->counts.bytes += size;
}

/* Arguments of a process, or of the kernel: what ends each of them; -1 for other files. */
static int path_separator(const char *path)
{
	pid_t pid;
	size_t size = strlen(path);

	if (strcmp(path, "/proc/cmdline") == 0)
		return ' ';
	if (keeper_path_process(path, &pid) && size > 8 && strcmp(path + size - 8, "/cmdline") == 0)
		return '\0';
	return -1;
}

/* Of a domain's status file only what Truce reads in it: it has the passwords of consoles. */
static bool distil_status(const char *path, const char *bytes, size_t size, struct str *ret)
{
	struct libvirt_status status;

	if (strncmp(path, LIBVIRT_STATUS_DIRECTORY, strlen(LIBVIRT_STATUS_DIRECTORY)) != 0)
		return false;
	if (libvirt_status_parse(bytes, size, &status) == 0)
		libvirt_status_append(&status, ret);
	else
		str_append_char(ret, '\n');
	return true;
}

void keeper_content(struct keeper *keeper, const char *path, const char *bytes,
		    size_t size, bool young)
{
	enum kept before = kept_of(keeper, path);
	int separator = path_separator(path);
	struct str masked;
	size_t count = 0;

	if (before == KEPT_CONTENT && (size == 0 || !young))
		return;
	str_init(&masked);
	if (separator >= 0)
		count = secrets_mask(bytes, size, (char)separator, &masked);
	if (separator >= 0 || distil_status(path, bytes, size, &masked)) {
		if (masked.failed || masked.data == NULL) {
			keeper_fail(keeper, path, -ENOMEM);
			return str_done(&masked);
		}
		bytes = masked.data;
		size = masked.length;
	}
	keeper->counts.masked += before == KEPT_CONTENT ? 0 : count;
	keeper_note(keeper, path, KEPT_CONTENT, before == KEPT_CONTENT ? 0 : size,
		    copy_put_file(&keeper->copy, path, bytes, size, true));
	str_done(&masked);
}

void keeper_presence(struct keeper *keeper, const char *path)
{
	if (kept_of(keeper, path) == KEPT_NOTHING)
		keeper_note(keeper, path, KEPT_PRESENCE, 0,
			    copy_put_file(&keeper->copy, path, "", 0, false));
}

/* Nothing there, or no more, is no refusal; what Truce itself lacks is not the host's. */
static bool failure_is_a_refusal(ssize_t code)
{
	static const int others[] = { ENOENT, ESRCH, ENOTDIR, ENODEV, EISDIR, EMFILE, ENFILE, ENOMEM,
				      EINTR, EAGAIN, ENAMETOOLONG, 0 };

	for (size_t i = 0; others[i] != 0; i++)
		if (code == -others[i])
			return false;
	return true;
}

/* A process that is ending refuses what it has no more. */
static bool path_is_of_the_dead(struct keeper *keeper, const char *path)
{
	char name[48], text[512];
	const char *behind;
	pid_t pid;

	if (!keeper_path_process(path, &pid))
		return false;
	snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
	if (root_read(keeper->copy.host, name, text, sizeof text) < 0)
		return true;
	behind = strrchr(text, ')');
	return behind != NULL && behind[1] == ' ' && (behind[2] == 'Z' || behind[2] == 'X');
}

void keeper_refusal(struct keeper *keeper, const char *path, ssize_t code)
{
	char name[PATH_MAX], text[32];

	if (!failure_is_a_refusal(code) || kept_of(keeper, path) != KEPT_NOTHING ||
	    path_is_of_the_dead(keeper, path) ||
	    snprintf(name, sizeof name, "%s.errno", path) >= (int)sizeof name)
		return;
	snprintf(text, sizeof text, "%s\n", errno_name((int)code));
	keeper_note(keeper, path, KEPT_REFUSAL, 0,
		    copy_put_file(&keeper->copy, name, text, strlen(text), false));
}

void keeper_directory(struct keeper *keeper, const char *path)
{
	if (kept_of(keeper, path) == KEPT_NOTHING)
		keeper_note(keeper, path, KEPT_DIRECTORY, 0, copy_put_directory(&keeper->copy, path));
}

void keeper_link(struct keeper *keeper, const char *path, const char *target, bool young)
{
	if (kept_of(keeper, path) != KEPT_CONTENT || young)
		keeper_note(keeper, path, KEPT_CONTENT, 0,
			    copy_put_link(&keeper->copy, path, target, young));
}

bool keeper_has(struct keeper *keeper, const char *path)
{
	return kept_of(keeper, path) != KEPT_NOTHING;
}
