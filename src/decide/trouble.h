/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a policy's process ended, as a sentence that names what in the policy did it. */
#ifndef DECIDE_TROUBLE_H
#define DECIDE_TROUBLE_H

#include "decide/wire.h"

/* What its own handler could still say. */
void trouble_of_crash(const struct wire_crash *crash, enum decider_language language,
		      char ret[static WIRE_SENTENCE_SIZE]);
/* What is left to say after waitpid; -1: not known. */
void trouble_of_status(int status, char ret[static WIRE_SENTENCE_SIZE]);

#endif
