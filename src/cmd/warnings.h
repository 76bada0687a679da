/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What limits a source's view, said on stderr as it comes up. */
#ifndef CMD_WARNINGS_H
#define CMD_WARNINGS_H

#include <stdbool.h>

struct source;
struct verb;

/* Says what the source has to say since the last call; whether that was anything. */
bool warnings_tell(const struct verb *verb, struct source *source);

#endif
