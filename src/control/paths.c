/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are, for both sides; and the words for kinds of refusal. */
#include "control/control.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

static const char *directory(const char *variable, const char *usual)
{
	const char *named = getenv(variable);

	return named != NULL && *named != '\0' ? named : usual;
}

const char *control_run_directory(void)
{
	return directory("TRUCE_RUN_DIR", "/run/truce");
}

const char *control_state_directory(void)
{
	return directory("TRUCE_STATE_DIR", "/var/lib/truce");
}

const char *control_conf_directory(void)
{
	return directory("TRUCE_CONF_DIR", "/etc/truce");
}

int control_socket_path(char ret[static CONTROL_PATH_SIZE], struct error *err)
{
	const char *run = control_run_directory();
	int length = snprintf(ret, CONTROL_PATH_SIZE, "%s/control.sock", run);

	if (length < 0 || length >= CONTROL_PATH_SIZE)
		return error_set(err, -ENAMETOOLONG, "the path %s/control.sock is too long for a socket",
				 run);
	return 0;
}

static const struct {
	const char *kind;
	int code;
} kinds[] = {
	{ "not-found", -ENOENT }, { "denied", -EACCES },	  { "invalid", -EINVAL },
	{ "conflict", -EBUSY },	  { "impossible", -EOPNOTSUPP }, { "full", -ENOSPC },
};

int control_error_code(const char *kind)
{
	size_t i;

	for (i = 0; kind != NULL && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].code;
	return -EIO;
}

const char *control_error_kind(int code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].code == code)
			return kinds[i].kind;
	return code == -EPERM ? "denied" : code == -ERANGE || code == -EOVERFLOW ? "invalid" : "failed";
}
