/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arguments of a process, as /proc/PID/cmdline has them now. They are a stranger's bytes:
 * a VMM that was started differently, or that wrote over its arguments, yields no match, never
 * a wrong read. Always terminated.
 */
#ifndef SYS_CMDLINE_H
#define SYS_CMDLINE_H

#include "sys/field.h"

#include <sys/types.h>

struct error;
struct root;

/* Libvirt's QEMU lines are 16 kB; what is longer than this is cut. */
#define CMDLINE_LIMIT (256 * 1024)

struct cmdline {
	char *bytes; /* arguments, each ended by NUL */
	size_t size;
	bool cut;
};

int cmdline_read(struct root *root, pid_t pid, struct cmdline *ret);
void cmdline_done(struct cmdline *cmdline);

/* The argument behind `previous` (NULL: the first); NULL at the end. */
const char *cmdline_next(const struct cmdline *cmdline, const char *previous);
/*
 * The value of an option, written without its dashes: "name" finds "-name X", "--name X" and
 * "--name=X". Starts behind *position (set it to NULL first) and moves it on, so that an option
 * given several times can be walked. NULL when there is none.
 */
const char *cmdline_option(const struct cmdline *cmdline, const char *name, const char **position);
/* Is the option there, with or without a value? */
bool cmdline_has(const struct cmdline *cmdline, const char *name);

/*
 * A key of a QEMU option value: "guest=web,debug-threads=on"; ",," is a comma within. The
 * implied key names a first item that has no "=", as in "-name web"; NULL where none is. A key
 * alone ("server", "nowait") has the value "on". False where the key is not there; a value that
 * does not fit is cut.
 */
bool cmdline_qemu_key(const char *value, const char *key, const char *implied, char *ret,
		      size_t ret_size);

#endif
