/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What limits the view of the host or of the past, said on stderr as it comes up. */
#ifndef CMD_WARNINGS_H
#define CMD_WARNINGS_H

#include <stdbool.h>

struct adjustments;
struct source;
struct verb;

/* Says what the source has to say since the last call; whether that was anything. */
bool warnings_tell(const struct verb *verb, struct source *source);
/* Says whether lines of the ledger could not be read. */
bool warnings_tell_torn(const struct verb *verb, const struct adjustments *adjustments);

#endif
