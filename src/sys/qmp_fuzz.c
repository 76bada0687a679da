/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VMM that says whatever it likes, and arguments of whatever kind. */
#include "sys/cmdline.h"
#include "sys/qmp.h"
#include "sys/qmp_turn.h"
#include "sys/root.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Less than a socket buffers, so that one thread can play both sides. */
#define SCRIPT_LIMIT 65536

static const uint8_t *script;
static size_t script_size;
static int peer = -1;

/* The whole script and then the end, whatever is asked. */
static int fuzz_connect(struct root *root, const char *path)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	if (script_size > 0 && write(fds[1], script, script_size) != (ssize_t)script_size)
		abort();
	shutdown(fds[1], SHUT_WR);
	/* What is asked is never read; the peer stays open so that writing does not fail. */
	peer = fds[1];
	return fds[0];
}

static const struct root_ops fuzz_ops = { .name = "fuzz", .connect = fuzz_connect };

/* What was taken for a drive's name is plain, and ends. */
static void turn_everything(struct qmp *qmp)
{
	struct qmp_drive drives[4];
	ssize_t count = qmp_drives(qmp, drives, 4, NULL);

	for (ssize_t i = 0; i < count && i < 4; i++) {
		if (drives[i].name[0] <= ' ' || memchr(drives[i].name, '\0', QMP_DRIVE_NAME_SIZE) == NULL)
			__builtin_trap();
		qmp_limit_drive(qmp, &drives[i], NULL);
	}
	qmp_set_balloon(qmp, 1 << 20, NULL);
	qmp_balloon_deflates(qmp, NULL);
}

static void ask_everything(struct qmp *qmp)
{
	struct qmp_identity identity;
	struct qmp_thread threads[4];
	struct qmp_balloon balloon;
	struct qmp_block block;

	qmp_identity(qmp, &identity, NULL);
	qmp_cpus(qmp, threads, 4, NULL);
	qmp_iothreads(qmp, threads, 4, NULL);
	qmp_balloon(qmp, &balloon, NULL);
	qmp_block(qmp, &block, NULL);
	turn_everything(qmp);
}

static void find_socket(void)
{
	struct cmdline cmdline = { .bytes = malloc(script_size + 1), .size = script_size };
	char path[108];

	if (cmdline.bytes == NULL)
		abort();
	memcpy(cmdline.bytes, script, script_size);
	cmdline.bytes[script_size] = '\0';
	if (qmp_find(&cmdline, path, sizeof path) == QMP_SOCKET && path[0] == '\0')
		__builtin_trap();
	cmdline_done(&cmdline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct root root = { .ops = &fuzz_ops };
	struct qmp *qmp;

	script = data;
	script_size = size < SCRIPT_LIMIT ? size : SCRIPT_LIMIT;
	if (qmp_open(&root, "/fuzz", 0, 1000000, &qmp, NULL) == 0) {
		ask_everything(qmp);
		qmp_close(qmp);
	}
	if (peer >= 0)
		close(peer);
	peer = -1;
	find_socket();
	return 0;
}
