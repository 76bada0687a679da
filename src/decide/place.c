/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/place.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

bool place_own_directory(char *ret, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", ret, size - 1);
	char *slash;

	if (length <= 0)
		return false;
	ret[length] = '\0';
	slash = strrchr(ret, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

static bool is_program(char *ret, size_t size, const char *directory, const char *below)
{
	return snprintf(ret, size, "%s%s/truce-decide", directory, below) < (int)size &&
	       access(ret, X_OK) == 0;
}

int place_decide(char *ret, size_t size, struct error *err)
{
	const char *chosen = getenv("TRUCE_LIBEXEC");
	char own[PATH_MAX];

	if (chosen != NULL && *chosen != '\0' && is_program(ret, size, chosen, ""))
		return 0;
	if (place_own_directory(own, sizeof own) &&
	    (is_program(ret, size, own, "") || is_program(ret, size, own, "/../decide")))
		return 0;
	if (is_program(ret, size, TRUCE_LIBEXECDIR, ""))
		return 0;
	return error_set(err, -ENOENT, "truce-decide, which runs policies, is neither in "
			 TRUCE_LIBEXECDIR " nor beside this program: is Truce installed whole?");
}
