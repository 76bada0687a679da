/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/control.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct call {
	int fd, stop_fd;
	uint64_t end_usec; /* monotonic; UINT64_MAX: never */
	uint64_t timeout_usec;
	struct str in;     /* what came and was not taken yet */
	size_t taken;      /* of it */
};

static int open_socket(const char *path, uint64_t timeout_usec, struct error *err)
{
	/* Of a connect while truced's queue is full, too. */
	struct timeval limit = { .tv_sec = (time_t)(timeout_usec / USEC_PER_SEC),
				 .tv_usec = (suseconds_t)(timeout_usec % USEC_PER_SEC) };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char usual[CONTROL_PATH_SIZE];
	int fd, r;

	if (path == NULL) {
		r = control_socket_path(usual, err);
		if (r < 0)
			return r;
		path = usual;
	}
	if (strlen(path) >= sizeof address.sun_path)
		return error_set(err, -ENAMETOOLONG, "the path %s is too long for a socket", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, -errno, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	r = -errno;
	close(fd);
	if (r == -EAGAIN)
		return error_set(err, -ETIMEDOUT, "truced does not let anybody in at %s", path);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return error_set(err, -ECONNREFUSED, "truced is not running (nobody answers at %s): start it "
				 "with \"systemctl start truced\", or run truced", path);
	return error_errno(err, r, "cannot reach truced at %s", path);
}

static int call_begin(struct call *call, const char *path, uint64_t timeout_usec, struct error *err)
{
	memset(call, 0, sizeof *call);
	call->stop_fd = -1;
	call->timeout_usec = timeout_usec != 0 ? timeout_usec : CONTROL_TIMEOUT_USEC;
	call->end_usec = clock_monotonic_usec() + call->timeout_usec;
	str_init(&call->in);
	call->fd = open_socket(path, call->timeout_usec, err);
	return call->fd < 0 ? call->fd : 0;
}

static void call_done(struct call *call)
{
	if (call->fd >= 0)
		close(call->fd);
	str_done(&call->in);
}

static int send_request(struct call *call, const json_t *request, struct error *err)
{
	CLEANUP_FREE char *text = json_dumps(request, JSON_COMPACT);
	size_t at = 0, size;

	if (text == NULL)
		return error_set(err, -EINVAL, "the request cannot be written as JSON");
	size = strlen(text);
	if (size >= CONTROL_LINE_MOST)
		return error_set(err, -EFBIG, "the request has %zu bytes, and truced takes %u", size,
				 CONTROL_LINE_MOST);
	text[size++] = '\n'; /* in the place of the NUL */
	while (at < size) {
		ssize_t sent = send(call->fd, text + at, size - at, MSG_NOSIGNAL);

		if (sent > 0)
			at += (size_t)sent;
		else if (errno == EAGAIN)
			return error_set(err, -ETIMEDOUT, "truced does not take the request");
		else if (errno == EPIPE || errno == ECONNRESET)
			return 0; /* why it hung up may still be there to read */
		else if (errno != EINTR)
			return error_errno(err, -errno, "cannot send to truced");
	}
	return 0;
}

/* 1: something can be read (or the end); 0: stopped. */
static int wait_for_bytes(struct call *call, struct error *err)
{
	struct pollfd fds[2] = { { .fd = call->fd, .events = POLLIN },
				 { .fd = call->stop_fd, .events = POLLIN } };

	for (;;) {
		uint64_t now = clock_monotonic_usec();
		int wait_msec = -1, count;

		if (call->end_usec != UINT64_MAX) {
			if (now >= call->end_usec)
				return error_set(err, -ETIMEDOUT, "truced did not answer within %.1f s",
						 (double)call->timeout_usec / 1e6);
			wait_msec = (int)((call->end_usec - now) / 1000) + 1;
		}
		count = poll(fds, 2, wait_msec);
		if (count < 0 && errno != EINTR)
			return error_errno(err, -errno, "cannot wait for truced");
		if (count > 0 && fds[1].revents != 0)
			return 0;
		if (count > 0 && fds[0].revents != 0)
			return 1;
	}
}

static int read_more(struct call *call, struct error *err)
{
	char bytes[16384];
	ssize_t got;

	do {
		got = recv(call->fd, bytes, sizeof bytes, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_errno(err, -errno, "cannot hear truced");
	if (got == 0)
		return error_set(err, -ECONNRESET, "truced hung up");
	str_append_bytes(&call->in, bytes, (size_t)got);
	if (call->in.failed || call->in.length > 16 * CONTROL_LINE_MOST)
		return error_set(err, -EPROTO, "truced's answer does not end");
	return 0;
}

static void drop_taken(struct call *call)
{
	memmove(call->in.data, call->in.data + call->taken, call->in.length - call->taken);
	str_resize(&call->in, call->in.length - call->taken);
	call->taken = 0;
}

/* 1 and one line as an object; 0: stopped. */
static int take_line(struct call *call, json_t **ret, struct error *err)
{
	size_t looked = call->taken;
	int r;

	for (;;) {
		char *end = call->in.length > looked ? memchr(call->in.data + looked, '\n',
							      call->in.length - looked) : NULL;

		if (end != NULL) {
			char *line = call->in.data + call->taken;

			*ret = json_loadb(line, (size_t)(end - line), 0, NULL);
			call->taken = (size_t)(end - call->in.data) + 1;
			if (json_is_object(*ret))
				return 1;
			json_decref(*ret);
			return error_set(err, -EPROTO, "truced's answer is no JSON object");
		}
		if (call->taken > 0)
			drop_taken(call);
		looked = call->in.length;
		r = wait_for_bytes(call, err);
		if (r == 1)
			r = read_more(call, err);
		else if (r == 0)
			return 0;
		if (r < 0)
			return r;
	}
}

/* Takes the answer over: hands it on, or turns it into an error. */
static int judge_answer(json_t *answer, json_t **ret, struct error *err)
{
	const char *sentence = json_string_value(json_object_get(answer, "error"));
	int r;

	if (json_is_true(json_object_get(answer, "ok"))) {
		*ret = answer;
		return 0;
	}
	r = error_set(err, control_error_code(json_string_value(json_object_get(answer, "kind"))), "%s",
		      sentence != NULL ? sentence : "truced refused without a reason");
	json_decref(answer);
	return r;
}

bool control_is_there(const char *path)
{
	CLEANUP_CLOSE int fd = open_socket(path, USEC_PER_SEC, NULL);

	return fd >= 0;
}

static int ask(struct call *call, const json_t *request, json_t **ret, struct error *err)
{
	json_t *answer;
	int r = send_request(call, request, err);

	if (r < 0)
		return r;
	r = take_line(call, &answer, err);
	return r == 1 ? judge_answer(answer, ret, err) : r;
}

int control_call(const char *path, json_t *request, uint64_t timeout_usec, json_t **ret,
		 struct error *err)
{
	struct call call;
	int r = call_begin(&call, path, timeout_usec, err);

	if (r == 0)
		r = ask(&call, request, ret, err);
	call_done(&call);
	return r;
}

static int follow_lines(struct call *call, control_each *each, void *context, struct error *err)
{
	for (;;) {
		json_t *line;
		int r = take_line(call, &line, err);

		if (r != 1)
			return r;
		r = each(line, context);
		json_decref(line);
		if (r != 0)
			return r;
	}
}

int control_follow(const char *path, json_t *request, int stop_fd, control_each *each,
		   void *context, struct error *err)
{
	struct call call;
	json_t *answer;
	int r = call_begin(&call, path, 0, err);

	if (r == 0)
		r = ask(&call, request, &answer, err);
	if (r == 0) {
		json_decref(answer);
		call.end_usec = UINT64_MAX;
		call.stop_fd = stop_fd;
		r = each(NULL, context);
		if (r == 0)
			r = follow_lines(&call, each, context, err);
	}
	call_done(&call);
	return r;
}
