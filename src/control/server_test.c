/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "control/control.h"
#include "control/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* A server on a thread of its own, that answers "pause" later and everything else at once. */
struct host {
	char directory[64], path[96];
	struct control_server *server;
	pthread_t thread;
	atomic_bool stop;
	atomic_size_t clients; /* the server is its thread's alone */
	uint64_t later; /* the ticket of "pause" */
	atomic_uint runs;
};

static void handle(void *context, uint64_t ticket, const struct control_peer *peer,
		   const struct control_request *request)
{
	struct host *host = context;
	struct str line;

	if (request->what == CONTROL_PAUSE) {
		host->later = ticket;
		return;
	}
	if (request->what == CONTROL_RESUME) {
		control_server_refuse(host->server, ticket, -ENOENT, "there is no VM \"x\"");
		return;
	}
	if (request->what == CONTROL_LOG_FOLLOW)
		control_server_follow(host->server, ticket);
	str_init(&line);
	str_appendf(&line, "{\"ok\":true,\"do\":\"%s\"}", control_do_name(request->what));
	control_server_answer(host->server, ticket, &line);
	str_done(&line);
	if (request->what == CONTROL_RELOAD && host->later != 0) {
		str_init(&line);
		str_append(&line, "{\"ok\":true,\"do\":\"pause\"}");
		control_server_answer(host->server, host->later, &line);
		str_done(&line);
	}
	if (request->what == CONTROL_RELOAD)
		control_server_tell(host->server, "{\"kind\":\"note\"}", 15);
}

static void *serve(void *argument)
{
	struct host *host = argument;

	while (!host->stop) {
		struct pollfd fd = { .fd = control_server_fd(host->server), .events = POLLIN };

		poll(&fd, 1, 10);
		control_server_run(host->server);
		host->clients = control_server_clients(host->server);
		host->runs++;
	}
	return NULL;
}

static int set_up(void **state)
{
	struct host *host = calloc(1, sizeof *host);
	struct control_server_options options = { .path = host->path, .handler = handle,
						  .context = host, .clients_most = 8,
						  .stall_usec = 200000 };

	strcpy(host->directory, "/tmp/truce-server.XXXXXX");
	assert_non_null(mkdtemp(host->directory));
	snprintf(host->path, sizeof host->path, "%s/s", host->directory);
	assert_int_equal(control_server_new(&options, &host->server, NULL), 0);
	assert_int_equal(pthread_create(&host->thread, NULL, serve, host), 0);
	*state = host;
	return 0;
}

static int tear_down(void **state)
{
	struct host *host = *state;

	host->stop = true;
	pthread_join(host->thread, NULL);
	control_server_free(host->server);
	assert_int_equal(access(host->path, F_OK), -1);
	rmdir(host->directory);
	free(host);
	return 0;
}

static int dial(const struct host *host)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, host->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void expect_served(struct host *host)
{
	json_t *request = json_pack("{s:s}", "do", "status"), *answer;
	struct error err = { 0 };

	if (control_call(host->path, request, 5000000, &answer, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(json_string_value(json_object_get(answer, "do")), "status");
	json_decref(answer);
	json_decref(request);
}

/* All that comes until the server hangs up. */
static size_t read_to_end(int fd, char *ret, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length + 1 < size && (got = read(fd, ret + length, size - 1 - length)) > 0)
		length += (size_t)got;
	ret[length] = '\0';
	return length;
}

static void a_refusal_is_an_error_with_the_server_s_sentence(void **state)
{
	struct host *host = *state;
	json_t *request = json_pack("{s:s,s:s}", "do", "resume", "vm", "x"), *answer = NULL;
	struct error err = { 0 };

	assert_int_equal(control_call(host->path, request, 0, &answer, &err), -ENOENT);
	assert_string_equal(err.text, "there is no VM \"x\"");
	json_decref(request);
}

static void nobody_there_is_said_with_what_to_do(void **state)
{
	json_t *request = json_pack("{s:s}", "do", "status"), *answer;
	struct error err = { 0 };

	assert_int_equal(control_call("/nonexistent/s", request, 0, &answer, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.text, "start"));
	json_decref(request);
}

static void answers_come_in_the_order_of_the_requests(void **state)
{
	struct host *host = *state;
	CLEANUP_CLOSE int fd = dial(host), other = dial(host);
	static const char lines[] = "{\"do\":\"pause\",\"vm\":\"a\"}\n{\"do\":\"status\"}\n";
	char got[400];

	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	shutdown(fd, SHUT_WR);
	expect_served(host); /* others are not held up */
	assert_int_equal(write(other, "{\"do\":\"reload\"}\n", 16), 16);
	read_to_end(fd, got, sizeof got);
	assert_string_equal(got, "{\"ok\":true,\"do\":\"pause\"}\n{\"ok\":true,\"do\":\"status\"}\n");
}

static void garbage_is_refused_and_the_others_are_served(void **state)
{
	struct host *host = *state;
	CLEANUP_CLOSE int fd = dial(host);
	char got[400];

	assert_int_equal(write(fd, "\1\2\3 what\n\n", 10), 10);
	shutdown(fd, SHUT_WR);
	expect_served(host);
	read_to_end(fd, got, sizeof got);
	assert_non_null(strstr(got, "\"kind\":\"invalid\""));
}

static void half_a_line_is_dropped_after_a_while(void **state)
{
	struct host *host = *state;
	CLEANUP_CLOSE int fd = dial(host);
	char got[100];

	assert_int_equal(write(fd, "{\"do\"", 5), 5);
	assert_int_equal(read_to_end(fd, got, sizeof got), 0);
	expect_served(host);
}

static void a_line_without_end_is_refused(void **state)
{
	struct host *host = *state;
	CLEANUP_CLOSE int fd = dial(host);
	CLEANUP_FREE char *much = malloc(65536);
	struct timeval limit = { .tv_sec = 5 };
	size_t sent = 0;

	memset(much, 'x', 65536);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	while (sent < 2 * CONTROL_LINE_MOST) {
		ssize_t now = send(fd, much, 65536, MSG_NOSIGNAL);

		if (now <= 0)
			break;
		sent += (size_t)now;
	}
	assert_true(sent < 2 * CONTROL_LINE_MOST);
	expect_served(host);
}

static void a_follower_that_never_reads_is_dropped_and_one_that_reads_is_told(void **state)
{
	struct host *host = *state;
	CLEANUP_CLOSE int mute = dial(host), reader = dial(host), teller = dial(host);
	char got[200] = "";
	struct pollfd gone = { .fd = mute, .events = POLLRDHUP };
	uint64_t end = clock_monotonic_usec() + 20 * USEC_PER_SEC;

	assert_int_equal(write(mute, "{\"do\":\"log.follow\"}\n", 20), 20);
	assert_int_equal(write(reader, "{\"do\":\"log.follow\"}\n", 20), 20);
	assert_int_equal(read(reader, got, 31), 30);
	/* Until the mute one's buffers in the kernel are full and its time is over. */
	while (clock_monotonic_usec() < end && poll(&gone, 1, 0) == 0) {
		assert_int_equal(write(teller, "{\"do\":\"reload\"}\n", 16), 16);
		assert_true(read(teller, got, sizeof got) > 0);
		assert_true(recv(reader, got, sizeof got, 0) > 0);
	}
	assert_true(gone.revents != 0);
	expect_served(host);
}

static void more_clients_than_places_are_turned_away(void **state)
{
	struct host *host = *state;
	int fds[8], i;
	unsigned runs;
	char got[200];

	for (i = 0; i < 8; i++)
		fds[i] = dial(host);
	{
		CLEANUP_CLOSE int late = dial(host);

		read_to_end(late, got, sizeof got);
		assert_non_null(strstr(got, "too many clients"));
	}
	for (i = 0; i < 8; i++)
		close(fds[i]);
	/* What `clients` says is of the last run's end: it must be of one that began after this. */
	runs = host->runs;
	for (i = 0; i < 1000 && (host->runs < runs + 2 || host->clients > 0); i++)
		poll(NULL, 0, 10);
	expect_served(host);
}

static void a_second_server_leaves_the_first_its_socket(void **state)
{
	struct host *host = *state;
	struct control_server_options options = { .path = host->path, .handler = handle };
	struct control_server *second;
	struct error err = { 0 };

	assert_int_equal(control_server_new(&options, &second, &err), -EADDRINUSE);
	expect_served(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		SERVED(a_refusal_is_an_error_with_the_server_s_sentence),
		cmocka_unit_test(nobody_there_is_said_with_what_to_do),
		SERVED(answers_come_in_the_order_of_the_requests),
		SERVED(garbage_is_refused_and_the_others_are_served),
		SERVED(half_a_line_is_dropped_after_a_while),
		SERVED(a_line_without_end_is_refused),
		SERVED(a_follower_that_never_reads_is_dropped_and_one_that_reads_is_told),
		SERVED(more_clients_than_places_are_turned_away),
		SERVED(a_second_server_leaves_the_first_its_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
