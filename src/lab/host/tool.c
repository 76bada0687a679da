/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/tool.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/host/child.h"
#include "lab/host/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

struct tool {
	struct child process;
	int output_fd, error_fd; /* our ends, non-blocking; -1 once at their end */
	struct tail complaint;
};

static void tool_done(struct tool *tool)
{
	child_done(&tool->process);
	cleanup_close(&tool->output_fd);
	cleanup_close(&tool->error_fd);
}

static int tool_start(struct tool *tool, const char *const *arguments, const char *directory,
		      struct error *err)
{
	int output[2] = { -1, -1 }, error[2] = { -1, -1 };
	struct child_plan plan = { .arguments = arguments, .directory = directory };
	int code;

	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0) {
		code = -errno;
		cleanup_close(&output[0]);
		cleanup_close(&output[1]);
		return error_errno(err, code, "%s: no pipe", arguments[0]);
	}
	tool->output_fd = output[0];
	tool->error_fd = error[0];
	fcntl(tool->output_fd, F_SETFL, O_NONBLOCK);
	fcntl(tool->error_fd, F_SETFL, O_NONBLOCK);
	plan.output_fd = output[1];
	plan.error_fd = error[1];
	code = child_start(&tool->process, &plan, err);
	close(output[1]);
	close(error[1]);
	return code;
}

/* False at the end of the stream. */
static bool tool_take_output(struct tool *tool, struct str *output)
{
	char bytes[4096];
	ssize_t size;

	while ((size = read(tool->output_fd, bytes, sizeof bytes)) > 0)
		if (output != NULL)
			str_append_bytes(output, bytes, (size_t)size);
	return size < 0 && (errno == EAGAIN || errno == EINTR);
}

static int tool_watch(struct tool *tool, int cancel_fd, struct str *output)
{
	struct pollfd watched[] = { { tool->process.pidfd, POLLIN, 0 },
				    { cancel_fd, POLLIN, 0 },
				    { tool->output_fd, POLLIN, 0 },
				    { tool->error_fd, POLLIN, 0 } };

	/* The end of the tool is the end, also where a grandchild keeps its pipes open. */
	while (watched[0].revents == 0) {
		if (poll(watched, ARRAY_SIZE(watched), -1) < 0 && errno != EINTR)
			return -errno;
		if (watched[1].revents != 0)
			return -ECANCELED;
		if (watched[2].fd >= 0 && !tool_take_output(tool, output))
			watched[2].fd = -1;
		if (watched[3].fd >= 0 && !tail_read(&tool->complaint, tool->error_fd, -1))
			watched[3].fd = -1;
	}
	tool_take_output(tool, output);
	tail_read(&tool->complaint, tool->error_fd, -1);
	return 0;
}

static int tool_verdict(struct tool *tool, const char *const *arguments, struct error *err)
{
	struct str said;
	int status = 0, code;

	if (child_ended(&tool->process, &status) && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return 0;
	str_init(&said);
	if (!tail_last_line(&tool->complaint, NULL, &said))
		str_append(&said, "it said nothing");
	code = error_set(err, -EIO, "%s %s failed: %s", arguments[0],
			 arguments[1] != NULL ? arguments[1] : "",
			 said.data != NULL ? said.data : "");
	str_done(&said);
	return code;
}

int tool_run(const char *const *arguments, const char *directory, int cancel_fd,
		 struct str *output, struct error *err)
{
	struct tool tool = { .output_fd = -1, .error_fd = -1 };
	int code;

	child_init(&tool.process);
	tail_init(&tool.complaint);
	code = tool_start(&tool, arguments, directory, err);
	if (code == 0) {
		code = tool_watch(&tool, cancel_fd, output);
		if (code == -ECANCELED)
			error_set(err, code, "%s was interrupted", arguments[0]);
		else if (code < 0)
			error_errno(err, code, "%s: cannot wait for it", arguments[0]);
		else
			code = tool_verdict(&tool, arguments, err);
	}
	tool_done(&tool);
	return code;
}
