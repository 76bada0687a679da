/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that answers scrapers. It has no rights, and the text it hands out is ready:
 * the one that samples sends each new exposition as a sealed memory file, and never reads a
 * byte of what comes from the network. Who is slow, many or hostile harms other scrapers at
 * most: a request is small and has a deadline, and the oldest connection makes room.
 */
#ifndef CMD_HTTP_SERVER_H
#define CMD_HTTP_SERVER_H

#include <stddef.h>
#include <sys/types.h>

struct error;
struct http_server;

/* Binds to "ADDRESS:PORT" or "[ADDRESS]:PORT", numbers both, and starts the process; call it
 * before anything is opened that the process should not inherit. */
struct http_server *http_server_new(const char *address, struct error *err);
/* Ends the process. */
void http_server_free(struct http_server *server);
/* "127.0.0.1:9823": where it really listens. */
const char *http_server_address(const struct http_server *server);
/* Hands it both texts, to be the answers from now on. -EPIPE when the process is no more. */
int http_server_publish(struct http_server *server, const char *openmetrics,
			size_t openmetrics_size, const char *classic, size_t classic_size,
			struct error *err);

/* In http_client.c: the process itself. Returns when the socket `news` ends. */
void http_serve(int listener, int news);

#endif
