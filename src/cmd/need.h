/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expensive figures, which are read only where somebody declares a need: --with. */
#ifndef CMD_NEED_H
#define CMD_NEED_H

struct error;
struct source_spec;

#define OPTION_WITH(settings, field) \
	OPTION_TEXT(settings, field, 0, "with", "WHAT", \
		    "expensive figures as well: maps (PSS, huge pages), balloon, or both: maps,balloon")

/* "maps,balloon" into the spec; NULL: none. -EINVAL. */
int need_parse(const char *with, struct source_spec *spec, struct error *err);

#endif
