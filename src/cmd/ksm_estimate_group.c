/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which VMs belong together: what --group says. */
#include "base/error.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cmd/ksm_estimate.h"
#include "model/vm.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const names[] = {
	[GROUP_BY_OWNER] = "owner",   [GROUP_BY_CLASS] = "class", [GROUP_BY_METADATA] = "metadata",
	[GROUP_BY_CGROUP] = "cgroup", [GROUP_BY_USER] = "user",	  [GROUP_BY_NAME] = "name",
};

int group_by_parse(const char *text, enum group_by *ret, struct error *err)
{
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, text);
	for (i = GROUP_BY_OWNER; i <= GROUP_BY_NAME; i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (enum group_by)i;
			return 0;
		}
		suggest_offer(&suggest, names[i]);
	}
	if (suggest.nearest != NULL)
		return error_set(err, -EINVAL, "--group %.40s: did you mean %s?", text, suggest.nearest);
	return error_set(err, -EINVAL, "--group takes owner, class, metadata, cgroup, user or name");
}

static void copy(char ret[static PRINTS_NAME_SIZE], const char *text)
{
	text_copy(ret, PRINTS_NAME_SIZE, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

void group_of_name(const char *name, char ret[static PRINTS_NAME_SIZE])
{
	size_t size = strlen(name), cut = size;

	while (cut > 0 && name[cut - 1] >= '0' && name[cut - 1] <= '9')
		cut--;
	while (cut > 0 && cut < size && strchr("-_.:", name[cut - 1]) != NULL)
		cut--;
	text_copy(ret, PRINTS_NAME_SIZE, name, cut > 0 ? cut : size);
}

/* The directory that the VM's own cgroup is in. */
static void group_of_cgroup(const char *cgroup, char ret[static PRINTS_NAME_SIZE])
{
	const char *slash = cgroup != NULL ? strrchr(cgroup, '/') : NULL;

	if (slash == NULL || slash == cgroup)
		copy(ret, cgroup);
	else
		text_copy(ret, PRINTS_NAME_SIZE, cgroup, (size_t)(slash - cgroup));
}

static void group_of_user(pid_t pid, char ret[static PRINTS_NAME_SIZE])
{
	const struct passwd *user;
	struct stat status;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d", (int)pid);
	ret[0] = '\0';
	if (stat(path, &status) < 0)
		return;
	user = getpwuid(status.st_uid);
	if (user != NULL)
		copy(ret, user->pw_name);
	else
		snprintf(ret, PRINTS_NAME_SIZE, "%u", (unsigned)status.st_uid);
}

void group_of_vm(enum group_by by, const struct vm *vm, char ret[static PRINTS_NAME_SIZE])
{
	static const int texts[] = { [GROUP_BY_OWNER] = VM_TEXT_OWNER,
				     [GROUP_BY_CLASS] = VM_TEXT_CLASS,
				     [GROUP_BY_METADATA] = VM_TEXT_METADATA };

	ret[0] = '\0';
	if (by == GROUP_BY_CGROUP)
		group_of_cgroup(vm->text[VM_TEXT_CGROUP], ret);
	else if (by == GROUP_BY_USER)
		group_of_user(vm->identity.pid, ret);
	else if (by == GROUP_BY_NAME)
		group_of_name(vm->text[VM_TEXT_NAME] != NULL ? vm->text[VM_TEXT_NAME] : "", ret);
	else if (by != GROUP_BY_NOTHING)
		copy(ret, vm->text[texts[by]]);
}
