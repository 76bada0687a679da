/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/owner_qmp.h"

#include "base/clock.h"
#include "base/error.h"
#include "sys/cmdline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_USEC (2 * USEC_PER_SEC)
/* Less is not worth a connection. */
#define LEAST_USEC (50 * USEC_PER_MSEC)

static enum qmp_way find_socket(struct root *root, pid_t pid, char path[static OWNER_QMP_PATH_SIZE])
{
	struct cmdline cmdline;
	enum qmp_way way;

	if (cmdline_read(root, pid, &cmdline) < 0)
		return QMP_NONE;
	way = qmp_find(&cmdline, path, OWNER_QMP_PATH_SIZE);
	cmdline_done(&cmdline);
	/* A relative path is relative to where the process is, and its link leads there. */
	if (way == QMP_SOCKET && path[0] != '/') {
		char name[OWNER_QMP_PATH_SIZE];
		int size;

		memcpy(name, path, sizeof name);
		size = snprintf(path, OWNER_QMP_PATH_SIZE, "/proc/%d/cwd/%s", pid, name);
		if (size < 0 || size >= 108)
			return QMP_NONE;
	}
	return way;
}

int owner_qmp_serves(struct act_context *context, const struct act_target *target,
		     char reason[static PLAN_REASON_SIZE])
{
	char path[OWNER_QMP_PATH_SIZE];

	if (strcmp(target->vmm, "qemu") != 0) {
		snprintf(reason, PLAN_REASON_SIZE, "its VMM, %.31s, has no such knob that Truce knows",
			 target->vmm[0] != '\0' ? target->vmm : "unknown");
		return 0;
	}
	switch (find_socket(context->root, target->vm.pid, path)) {
	case QMP_SOCKET:
		return 1;
	case QMP_PASSED_FD:
		snprintf(reason, PLAN_REASON_SIZE, "its QEMU is held by who started it (%.31s), who alone "
			 "can ask it", target->owner[0] != '\0' ? target->owner : "libvirt");
		return 0;
	default:
		snprintf(reason, PLAN_REASON_SIZE, "its QEMU was started without a QMP socket (-qmp)");
		return 0;
	}
}

int owner_qmp_open(struct act_context *context, const struct act_target *target,
		   struct qmp **ret, char ret_path[static OWNER_QMP_PATH_SIZE],
		   struct error *err)
{
	uint64_t now = clock_monotonic_usec();
	uint64_t left = ANSWER_USEC;

	if (find_socket(context->root, target->vm.pid, ret_path) != QMP_SOCKET)
		return error_set(err, -EOPNOTSUPP, "the QEMU of %s has no QMP socket", target->name);
	if (context->deadline_usec != 0)
		left = context->deadline_usec > now + LEAST_USEC ? context->deadline_usec - now :
								   LEAST_USEC;
	return qmp_open(context->root, ret_path, target->vm.pid, left, ret, err);
}

int owner_qmp_reopen(void *context, const struct vm_identity *vm, const char *path,
		     struct qmp **ret, struct error *err)
{
	int r = qmp_open(context, path, vm->pid, ANSWER_USEC, ret, err);

	return r == -ECONNREFUSED || r == -ENOENT ? -ENOENT : r;
}
