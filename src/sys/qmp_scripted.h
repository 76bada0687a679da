/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a QMP server on a thread that answers by a table, one client after the other. What
 * was asked is kept.
 */
#ifndef SYS_QMP_SCRIPTED_H
#define SYS_QMP_SCRIPTED_H

#include <pthread.h>
#include <stddef.h>

#define QMP_SCRIPTED_GREETING                                                                      \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "             \
	"\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n"

/* What is said to a command; %d is the id. The last one, of command NULL, is said to all others. */
struct qmp_reply {
	const char *command;
	const char *text;
};

struct qmp_scripted {
	char path[64];
	int fd;
	pthread_t thread;
	const char *greeting;
	const struct qmp_reply *replies; /* NULL: nothing is said behind the greeting */
	int clients;                     /* how many are served before it ends */
	char asked[16384];               /* lines as they came, for as long as there is room */
	size_t asked_size;
};

/* A socket that listens, and nobody who answers. */
void qmp_scripted_listen(struct qmp_scripted *server);
void qmp_scripted_remove(struct qmp_scripted *server);
/* Listens and serves `clients`, one after the other. */
void qmp_scripted_start(struct qmp_scripted *server, const char *greeting,
			const struct qmp_reply *replies, int clients);
/* Waits for the last client to go. */
void qmp_scripted_stop(struct qmp_scripted *server);

#endif
