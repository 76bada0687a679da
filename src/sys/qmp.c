/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "sys/qmp_json.h"
#include "sys/root.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* query-cpus-fast and query-blockstats of the largest VMs are some 100 KB. */
#define ANSWER_LIMIT (4 << 20)
#define READ_BYTES 16384

struct qmp {
	int fd;
	char *path; /* safe to print */
	uint64_t deadline_usec;
	uint64_t timeout_usec;
	unsigned last_id;
	struct str input; /* what came and is not taken yet */
	size_t taken;     /* of the input, by the message before */
};

static char *safe_copy(const char *text)
{
	struct str safe;

	str_init(&safe);
	text_append_safe(&safe, text, strlen(text));
	return str_take(&safe);
}

static int qmp_late(const struct qmp *qmp, struct error *err)
{
	return error_set(err, -ETIMEDOUT, "QEMU at %s did not answer within %llu ms; perhaps another "
			 "client holds its QMP socket, which serves one at a time", qmp->path,
			 (unsigned long long)(qmp->timeout_usec / USEC_PER_MSEC));
}

/* 0 once the socket is ready. */
static int qmp_wait(const struct qmp *qmp, short events, struct error *err)
{
	for (;;) {
		struct pollfd poll_fd = { .fd = qmp->fd, .events = events };
		uint64_t now = clock_monotonic_usec();
		uint64_t left;
		int r;

		if (now >= qmp->deadline_usec)
			return qmp_late(qmp, err);
		left = (qmp->deadline_usec - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
		r = poll(&poll_fd, 1, left < INT32_MAX ? (int)left : INT32_MAX);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return error_errno(err, -errno, "cannot wait for QEMU at %s", qmp->path);
	}
}

static int qmp_send(struct qmp *qmp, const char *bytes, size_t size, struct error *err)
{
	while (size > 0) {
		ssize_t put = send(qmp->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (put >= 0) {
			bytes += put;
			size -= (size_t)put;
		} else if (errno == EAGAIN) {
			r = qmp_wait(qmp, POLLOUT, err);
			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return error_errno(err, -errno, "cannot write to QEMU at %s", qmp->path);
		}
	}
	return 0;
}

/* More input, or an error; the peer's end is one. */
static int qmp_receive(struct qmp *qmp, struct error *err)
{
	char bytes[READ_BYTES];
	ssize_t got;
	int r;

	if (qmp->input.length > ANSWER_LIMIT)
		return error_set(err, -EPROTO, "QEMU at %s answers with more than %d MB", qmp->path,
				 ANSWER_LIMIT >> 20);
	r = qmp_wait(qmp, POLLIN, err);
	if (r < 0)
		return r;
	got = recv(qmp->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (got == 0)
		return error_set(err, -ECONNRESET, "QEMU at %s closed the connection", qmp->path);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 :
		       error_errno(err, -errno, "cannot read from QEMU at %s", qmp->path);
	str_append_bytes(&qmp->input, bytes, (size_t)got);
	return qmp->input.failed ? error_errno(err, -ENOMEM, "QEMU's answer") : 0;
}

/* Drops what the message before took. */
static void qmp_forget_taken(struct qmp *qmp)
{
	size_t left = qmp->input.length - qmp->taken;

	if (qmp->taken == 0)
		return;
	memmove(qmp->input.data, qmp->input.data + qmp->taken, left);
	qmp->input.length = left;
	qmp->input.data[left] = '\0';
	qmp->taken = 0;
}

/* One message a line, in both directions. The line holds until the next one is taken. */
static int qmp_take_line(struct qmp *qmp, char **ret, size_t *ret_size, struct error *err)
{
	size_t searched = 0;

	qmp_forget_taken(qmp);
	for (;;) {
		char *newline = qmp->input.length > searched ?
				memchr(qmp->input.data + searched, '\n',
				       qmp->input.length - searched) : NULL;
		int r;

		if (newline != NULL) {
			*ret = qmp->input.data;
			*ret_size = (size_t)(newline - qmp->input.data);
			qmp->taken = *ret_size + 1;
			return 0;
		}
		searched = qmp->input.length;
		r = qmp_receive(qmp, err);
		if (r < 0)
			return r;
	}
}

static int qmp_take_message(struct qmp *qmp, json_t **ret, struct error *err)
{
	size_t size;
	char *line;
	int r = qmp_take_line(qmp, &line, &size, err);

	if (r < 0)
		return r;
	r = qmp_json_load(line, size, ret);
	if (r < 0)
		return error_set(err, r, "QEMU at %s does not speak QMP", qmp->path);
	return 0;
}

/* QEMU's own sentence, which is a stranger's text. */
static int qmp_refused(const struct qmp *qmp, const char *command, json_t *error,
		       struct error *err)
{
	const char *kind = json_string_value(json_object_get(error, "class"));
	const char *text = json_string_value(json_object_get(error, "desc"));
	CLEANUP_FREE char *safe = safe_copy(text != NULL ? text : "no reason given");
	int code = -EREMOTEIO;

	if (kind != NULL && strcmp(kind, "CommandNotFound") == 0)
		code = -EOPNOTSUPP;
	else if (kind != NULL && strcmp(kind, "DeviceNotActive") == 0)
		code = -ENODEV;
	return error_set(err, code, "QEMU at %s refuses %s: %.200s", qmp->path, command,
			 safe != NULL ? safe : "");
}

/* Events, and answers to what was not asked, are passed over. */
static int qmp_take_answer(struct qmp *qmp, const char *command, json_t **ret, struct error *err)
{
	for (;;) {
		json_t *message, *result;
		int r = qmp_take_message(qmp, &message, err);

		if (r < 0)
			return r;
		if (json_integer_value(json_object_get(message, "id")) != (json_int_t)qmp->last_id) {
			json_decref(message);
			continue;
		}
		result = json_object_get(message, "return");
		if (result != NULL)
			*ret = json_incref(result);
		else
			r = qmp_refused(qmp, command, json_object_get(message, "error"), err);
		json_decref(message);
		return r;
	}
}

int qmp_command(struct qmp *qmp, const char *command, json_t *arguments, json_t **ret,
		struct error *err)
{
	CLEANUP_FREE char *text = NULL;
	json_t *message = json_pack("{s:s, s:O*, s:i}", "execute", command, "arguments", arguments,
				    "id", (int)++qmp->last_id);
	int r;

	if (message != NULL)
		text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (text == NULL)
		return error_errno(err, -ENOMEM, "a QMP command");
	r = qmp_send(qmp, text, strlen(text), err);
	if (r == 0)
		r = qmp_send(qmp, "\n", 1, err);
	return r < 0 ? r : qmp_take_answer(qmp, command, ret, err);
}

/* QEMU greets; then it takes nothing but qmp_capabilities. */
static int qmp_negotiate(struct qmp *qmp, struct error *err)
{
	json_t *message;
	bool greeted;
	int r = qmp_take_message(qmp, &message, err);

	if (r < 0)
		return r;
	greeted = json_is_object(json_object_get(message, "QMP"));
	json_decref(message);
	if (!greeted)
		return error_set(err, -EPROTO, "what listens at %s is no QMP", qmp->path);
	r = qmp_command(qmp, "qmp_capabilities", NULL, &message, err);
	if (r == 0)
		json_decref(message);
	return r;
}

/* A VM may name any socket in its arguments, and we would be let in: another VM's, or a manager's. */
static int check_listener(const struct qmp *qmp, pid_t pid, struct error *err)
{
	struct ucred listener;
	socklen_t size = sizeof listener;

	if (pid == 0)
		return 0;
	if (getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &listener, &size) < 0)
		return error_errno(err, -errno, "who listens at %s cannot be told", qmp->path);
	if (listener.pid != pid)
		return error_set(err, -EPERM, "at %s listens process %d, and not the VM's own, %d: it is "
				 "not asked", qmp->path, (int)listener.pid, (int)pid);
	return 0;
}

static int qmp_connect(struct root *root, struct qmp *qmp, const char *path, pid_t pid,
		       struct error *err)
{
	int fd = root_connect(root, path);

	if (fd == -EAGAIN) /* the queue of those who wait for it is full */
		return error_set(err, -EBUSY, "QEMU at %s is busy with other clients", qmp->path);
	if (fd == -ENOSYS)
		return error_set(err, fd, "a captured host has no QEMU to ask");
	if (fd < 0)
		return error_errno(err, fd, "cannot connect to QEMU at %s", qmp->path);
	qmp->fd = fd;
	fd = check_listener(qmp, pid, err);
	return fd < 0 ? fd : qmp_negotiate(qmp, err);
}

int qmp_open(struct root *root, const char *path, pid_t pid, uint64_t timeout_usec,
	     struct qmp **ret, struct error *err)
{
	struct qmp *qmp = calloc(1, sizeof *qmp);
	int r;

	if (qmp == NULL)
		return error_errno(err, -ENOMEM, "a QMP connection");
	qmp->fd = -1;
	str_init(&qmp->input);
	qmp->timeout_usec = timeout_usec;
	qmp->deadline_usec = clock_monotonic_usec() + timeout_usec;
	qmp->path = safe_copy(path);
	r = qmp->path != NULL ? qmp_connect(root, qmp, path, pid, err) :
				error_errno(err, -ENOMEM, "a QMP connection");
	if (r < 0) {
		qmp_close(qmp);
		return r;
	}
	*ret = qmp;
	return 0;
}

void qmp_close(struct qmp *qmp)
{
	if (qmp == NULL)
		return;
	if (qmp->fd >= 0)
		close(qmp->fd);
	str_done(&qmp->input);
	free(qmp->path);
	free(qmp);
}
