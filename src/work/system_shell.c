/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/spawn.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Fifty lines are made, sorted, chosen from and changed. */
static const char script[] =
	"i=0; while [ $i -lt 50 ]; do echo \"$((i * 37 % 50)) line\"; i=$((i + 1)); done |"
	" sort -n | sed -n '$p' | tr a-z A-Z";
static const char answer[] = "49 LINE\n";

struct shell_settings {
	struct common_settings common;
	const char *script;
};

static int shell_prepare(struct job *job, struct error *err)
{
	return spawn_check_shell(err);
}

/* What it prints, up to the end; how much that was, or -EINTR. */
static ssize_t read_all(const struct lane *lane, int fd, char *text, size_t room)
{
	char more[512];
	size_t length = 0;

	for (;;) {
		ssize_t size = read(fd, length < room ? text + length : more,
				    length < room ? room - length : sizeof more);

		if (size < 0 && errno == EINTR && lane_goes_on(lane))
			continue;
		if (size < 0)
			return -errno;
		if (size == 0)
			return (ssize_t)length;
		if (length < room)
			length += (size_t)size;
	}
}

static bool is_answer(const struct shell_settings *settings, const char *text, ssize_t size)
{
	return *settings->script != '\0' ||
	       (size == sizeof answer - 1 && memcmp(text, answer, sizeof answer - 1) == 0);
}

static int shell_one(struct lane *lane)
{
	const struct shell_settings *settings = lane->settings;
	CLEANUP_CLOSE int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	CLEANUP_CLOSE int output_fd = -1;
	char text[64];
	int ends[2], status, code;
	ssize_t size;
	pid_t pid;

	if (null_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	output_fd = ends[0];
	code = spawn_shell(*settings->script != '\0' ? settings->script : script, ends[1], null_fd,
			   &pid);
	close(ends[1]);
	if (code < 0)
		return code;
	size = read_all(lane, output_fd, text, sizeof text);
	if (size < 0)
		kill(pid, SIGKILL);
	code = spawn_wait(lane, pid, &status);
	if (code < 0 || size < 0)
		return -EINTR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_answer(settings, text, size) ?
		       0 : -EBADMSG;
}

static int shell_run(struct lane *lane, struct error *err)
{
	while (lane_goes_on(lane)) {
		uint64_t begin_nsec = lane_now_nsec();
		int code = shell_one(lane);

		if (code == 0) {
			lane_time(lane, lane_now_nsec() - begin_nsec);
			lane_count(lane, 1, 0);
		} else if (code != -EINTR) {
			lane_error(lane);
		}
	}
	return 0;
}

static const struct workload_actions actions = {
	.prepare = shell_prepare,
	.run = shell_run,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct shell_settings, script, "script", "",
			 "another script, that ends with 0; empty: one that makes and sorts lines"),
	PARAMETERS_END,
};

const struct workload system_shell_workload = {
	.name = "system-shell",
	.summary = "runs a shell script",
	.operation = "one script run, with the right output",
	.notes = "It needs /bin/sh, sort, sed and tr: a full guest, not the built-in one.",
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct shell_settings),
	.actions = &actions,
};
