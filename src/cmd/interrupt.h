/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP ask a verb to end cleanly. After interrupt_catch they only set a
 * flag and wake every poll through a descriptor; a second one within the same run kills, so that
 * nobody is ever locked in. SIGPIPE keeps its default: a reader that goes away ends the verb.
 */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include <stdbool.h>

void interrupt_catch(void);
/* The signal's number, or 0. */
int interrupt_signal(void);
/* Readable from the first signal on; -1 before interrupt_catch. */
int interrupt_fd(void);

#endif
