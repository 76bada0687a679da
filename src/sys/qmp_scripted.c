/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp_scripted.h"

#include "base/cleanup.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char *reply_to(const struct qmp_reply *replies, const char *command)
{
	while (replies->command != NULL && strcmp(replies->command, command) != 0)
		replies++;
	return replies->text;
}

static void keep(struct qmp_scripted *server, const char *line)
{
	size_t size = strlen(line);

	if (server->asked_size + size >= sizeof server->asked)
		return;
	memcpy(server->asked + server->asked_size, line, size + 1);
	server->asked_size += size;
}

static void serve(struct qmp_scripted *server, int fd)
{
	CLEANUP_FCLOSE FILE *stream = fdopen(fd, "r");
	char line[4096];

	dprintf(fd, "%s", server->greeting);
	while (server->replies != NULL && fgets(line, sizeof line, stream) != NULL) {
		json_t *message = json_loads(line, 0, NULL);
		const char *command = json_string_value(json_object_get(message, "execute"));

		keep(server, line);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		dprintf(fd, reply_to(server->replies, command != NULL ? command : ""),
			(int)json_integer_value(json_object_get(message, "id")));
#pragma GCC diagnostic pop
		json_decref(message);
	}
}

static void *server_run(void *context)
{
	struct qmp_scripted *server = context;

	for (int i = 0; i < server->clients; i++) {
		int fd = accept(server->fd, NULL, NULL);

		if (fd >= 0)
			serve(server, fd);
	}
	return NULL;
}

void qmp_scripted_listen(struct qmp_scripted *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(server->path, "/tmp/truce-qmp-XXXXXX");
	if (mkdtemp(server->path) == NULL)
		abort();
	strcat(server->path, "/qmp");
	strcpy(address.sun_path, server->path);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(server->fd, 1) < 0)
		abort();
}

void qmp_scripted_start(struct qmp_scripted *server, const char *greeting,
			const struct qmp_reply *replies, int clients)
{
	server->greeting = greeting;
	server->replies = replies;
	server->clients = clients;
	server->asked_size = 0;
	server->asked[0] = '\0';
	qmp_scripted_listen(server);
	if (pthread_create(&server->thread, NULL, server_run, server) != 0)
		abort();
}

void qmp_scripted_remove(struct qmp_scripted *server)
{
	close(server->fd);
	unlink(server->path);
	*strrchr(server->path, '/') = '\0';
	rmdir(server->path);
}

void qmp_scripted_stop(struct qmp_scripted *server)
{
	pthread_join(server->thread, NULL);
	qmp_scripted_remove(server);
}
