/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what is wanted to what is set: plans made, handed to act, and what came of them told to all. */
#ifndef DAEMON_CARRY_H
#define DAEMON_CARRY_H

struct daemon;

void carry_births(struct daemon *daemon);
void carry_plan(struct daemon *daemon);        /* everybody */
void carry_outcomes(struct daemon *daemon);    /* what act has told since */
void carry_resume(struct daemon *daemon);      /* what a predecessor set */

#endif
