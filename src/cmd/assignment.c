/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/assignment.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>

/* A setting of the host belongs to nobody else, and the other way round. */
static int check_scope(enum setting setting, bool host, struct error *err)
{
	bool of_host = setting_info[setting].scope == SETTING_SCOPE_HOST;

	if (of_host == host)
		return 0;
	if (of_host)
		return error_set(err, -EINVAL, "%s is a setting of the host: truce set host %s=VALUE",
				 setting_info[setting].name, setting_info[setting].name);
	return error_set(err, -EINVAL, "%s is a setting of a VM, not of the host",
			 setting_info[setting].name);
}

int assignment_parse(const char *word, bool host, bool bare, struct assignment *ret,
		     struct error *err)
{
	const char *equals = strchr(word, '=');
	CLEANUP_FREE char *name = strndup(word, equals != NULL ? (size_t)(equals - word) : strlen(word));
	int setting, r;

	if (name == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	if (equals == NULL && !bare)
		return error_set(err, -EINVAL, "\"%.60s\" sets nothing: write %.60s=VALUE, or %.60s= to let "
				 "go of it", word, name, name);
	setting = setting_find_or_suggest(name, err);
	if (setting < 0)
		return setting;
	r = check_scope((enum setting)setting, host, err);
	if (r < 0)
		return r;
	memset(ret, 0, sizeof *ret);
	ret->setting = (enum setting)setting;
	ret->release = equals == NULL || equals[1] == '\0';
	return ret->release ? 0 : setting_parse(ret->setting, equals + 1, &ret->value, err);
}
