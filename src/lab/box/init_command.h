/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The job's command: started, its output sent through the port, its end awaited. */
#ifndef LAB_BOX_INIT_COMMAND_H
#define LAB_BOX_INIT_COMMAND_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* SIGCHLD must be blocked. Whatever else runs when the command has ended is killed, so that
 * nothing more comes from it. *ret_status: exit code, or 128 + signal. */
int init_command_run(const char *job, size_t size, int port_fd, uint32_t *ret_status,
		     struct error *err);

#endif
