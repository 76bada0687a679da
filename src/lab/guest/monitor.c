/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/monitor.h"

#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* No machine has more, and the number comes from elsewhere. */
#define THREADS_MOST 4096

int monitor_init(struct monitor *monitor, int fd)
{
	*monitor = (struct monitor){ .fd = fd, .line = malloc(MONITOR_LINE_MOST) };
	return monitor->line != NULL ? 0 : -ENOMEM;
}

void monitor_done(struct monitor *monitor)
{
	if (monitor->fd >= 0)
		close(monitor->fd);
	free(monitor->line);
	free(monitor->threads);
	*monitor = (struct monitor){ .fd = -1 };
}

/* The socket's buffer is empty at each of our questions: it is one answer after another. */
bool monitor_say(struct monitor *monitor, const char *line)
{
	if (monitor->fd < 0 ||
	    send(monitor->fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line))
		monitor->broken = true;
	return !monitor->broken;
}

static void threads_take(struct monitor *monitor, const json_t *cpus)
{
	size_t count = json_array_size(cpus), i;
	pid_t *threads = calloc(count, sizeof *threads);

	if (threads == NULL) {
		monitor->broken = true;
		return;
	}
	for (i = 0; i < count; i++) {
		const json_t *cpu = json_array_get(cpus, i);
		json_int_t index = json_integer_value(json_object_get(cpu, "cpu-index"));
		json_int_t tid = json_integer_value(json_object_get(cpu, "thread-id"));

		if (index < 0 || (size_t)index >= count || tid <= 0 || tid > INT32_MAX)
			monitor->broken = true;
		else
			threads[index] = (pid_t)tid;
	}
	free(monitor->threads);
	monitor->threads = threads;
	monitor->thread_count = monitor->broken ? 0 : count;
}

static void answer_take(struct monitor *monitor, const json_t *answer)
{
	if (!monitor->asked) {
		monitor_say(monitor, "{\"execute\":\"query-cpus-fast\"}\n");
		monitor->asked = true;
	} else if (json_is_array(answer) && monitor->thread_count == 0 &&
		   json_array_size(answer) > 0 && json_array_size(answer) <= THREADS_MOST) {
		threads_take(monitor, answer);
	}
}

static bool text_is(const json_t *text, const char *wanted)
{
	return json_is_string(text) && strcmp(json_string_value(text), wanted) == 0;
}

static void event_take(struct monitor *monitor, const json_t *event, const json_t *data)
{
	const json_t *reason = json_object_get(data, "reason");
	json_int_t pid = json_integer_value(json_object_get(data, "pid"));

	if (text_is(event, "DOMAIN") && pid > 0 && pid <= INT32_MAX) {
		monitor->domain_pid = (pid_t)pid;
		monitor->domain_kvm = text_is(json_object_get(data, "type"), "kvm");
	} else if (text_is(event, "SHUTDOWN")) {
		monitor->powered_off = text_is(reason, "guest-shutdown");
		monitor->reset = text_is(reason, "guest-reset") || text_is(reason, "guest-panic");
	} else if (text_is(event, "BLOCK_IO_ERROR") &&
		   json_is_true(json_object_get(data, "nospace")) &&
		   text_is(json_object_get(data, "action"), "stop")) {
		const char *node = json_string_value(json_object_get(data, "node-name"));

		monitor->disk_full = true;
		if (node != NULL)
			text_copy(monitor->disk, sizeof monitor->disk, node, strlen(node));
	}
}

void monitor_take(struct monitor *monitor, const char *line, size_t size)
{
	json_t *message = json_loadb(line, size, 0, NULL);
	const json_t *event = json_object_get(message, "event");

	if (message == NULL)
		monitor->broken = true;
	else if (json_object_get(message, "QMP") != NULL)
		monitor_say(monitor, "{\"execute\":\"qmp_capabilities\"}\n");
	else if (event != NULL)
		event_take(monitor, event, json_object_get(message, "data"));
	else if (json_object_get(message, "return") != NULL)
		answer_take(monitor, json_object_get(message, "return"));
	else
		monitor->broken = true;
	json_decref(message);
}

static void lines_take(struct monitor *monitor)
{
	char *at = monitor->line, *end = monitor->line + monitor->filled, *newline;

	while (!monitor->broken && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		monitor_take(monitor, at, (size_t)(newline - at));
		at = newline + 1;
	}
	monitor->filled = (size_t)(end - at);
	memmove(monitor->line, at, monitor->filled);
	if (monitor->filled == MONITOR_LINE_MOST)
		monitor->broken = true;
}

bool monitor_turn(struct monitor *monitor)
{
	ssize_t size = 0;

	while (!monitor->broken && monitor->fd >= 0) {
		size = read(monitor->fd, monitor->line + monitor->filled,
			    MONITOR_LINE_MOST - monitor->filled);
		if (size <= 0)
			return size < 0 && (errno == EAGAIN || errno == EINTR);
		monitor->filled += (size_t)size;
		lines_take(monitor);
	}
	return false;
}
