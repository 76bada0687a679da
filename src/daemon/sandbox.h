/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What truced takes from itself before it begins: every capability that it does not use, the way
 * to new ones, and every system call that it does not make. Its policies' processes inherit
 * that, and take far more from themselves.
 */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

struct error;

/* Before the first thread. What the build or the kernel does not offer is left out, with a line
 * in the log. TRUCE_SANDBOX=no in the environment: nothing is taken (to debug). */
int sandbox_enter(struct error *err);

#endif
