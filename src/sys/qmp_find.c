/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp.h"

#include "base/cleanup.h"
#include "sys/cmdline.h"

#include <string.h>

/* Longer ones do not fit into a socket's address either. */
#define PATH_BYTES 128

static bool key_is_on(const char *value, const char *key)
{
	char text[8];

	return cmdline_qemu_key(value, key, NULL, text, sizeof text) &&
	       (strcmp(text, "on") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 ||
		strcmp(text, "y") == 0);
}

/* Where QEMU listens, and not where it connects to. An abstract name is no path. */
static bool is_listening(const char *value)
{
	return key_is_on(value, "server") && !key_is_on(value, "abstract");
}

static bool put_path(const char *path, char *ret_path, size_t ret_size)
{
	size_t size = strlen(path);

	if (size == 0 || size >= ret_size || size >= PATH_BYTES - 1)
		return false;
	memcpy(ret_path, path, size + 1);
	return true;
}

/* "unix:/run/web.qmp,server=on,wait=off" */
static bool find_in_qmp(const struct cmdline *cmdline, const char *option, char *ret_path,
			size_t ret_size)
{
	const char *position = NULL;
	const char *value;
	char address[PATH_BYTES + 8];

	while ((value = cmdline_option(cmdline, option, &position)) != NULL)
		if (is_listening(value) &&
		    cmdline_qemu_key(value, "address", "address", address, sizeof address) &&
		    strncmp(address, "unix:", 5) == 0 && put_path(address + 5, ret_path, ret_size))
			return true;
	return false;
}

/* "socket,id=ID,path=/run/web.qmp,server=on" or, from libvirt, "socket,id=ID,fd=26". */
static enum qmp_way find_chardev(const struct cmdline *cmdline, const char *id, char *ret_path,
				 size_t ret_size)
{
	const char *position = NULL;
	const char *value;
	char text[PATH_BYTES];

	while ((value = cmdline_option(cmdline, "chardev", &position)) != NULL) {
		if (!cmdline_qemu_key(value, "id", NULL, text, sizeof text) || strcmp(text, id) != 0)
			continue;
		if (cmdline_qemu_key(value, "fd", NULL, text, sizeof text))
			return QMP_PASSED_FD;
		if (is_listening(value) && cmdline_qemu_key(value, "path", NULL, text, sizeof text) &&
		    put_path(text, ret_path, ret_size))
			return QMP_SOCKET;
	}
	return QMP_NONE;
}

/* "chardev=ID,mode=control" */
static enum qmp_way find_in_mon(const struct cmdline *cmdline, char *ret_path, size_t ret_size)
{
	enum qmp_way found = QMP_NONE;
	const char *position = NULL;
	const char *value;
	char text[PATH_BYTES];

	while (found != QMP_SOCKET &&
	       (value = cmdline_option(cmdline, "mon", &position)) != NULL) {
		enum qmp_way way;

		if (!cmdline_qemu_key(value, "mode", NULL, text, sizeof text) ||
		    strcmp(text, "control") != 0 ||
		    !cmdline_qemu_key(value, "chardev", "chardev", text, sizeof text))
			continue;
		way = find_chardev(cmdline, text, ret_path, ret_size);
		found = way != QMP_NONE ? way : found;
	}
	return found;
}

enum qmp_way qmp_find(const struct cmdline *cmdline, char *ret_path, size_t ret_size)
{
	static const char *const options[] = { "qmp", "qmp-pretty" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (find_in_qmp(cmdline, options[i], ret_path, ret_size))
			return QMP_SOCKET;
	return find_in_mon(cmdline, ret_path, ret_size);
}
