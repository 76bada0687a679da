/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sample of positions tells of the whole: bounds, and a likely value between them. No sample of
 * positions can tell how many contents there are to a given error (Charikar and others, 2000): a
 * content met once may be alone, or one of many pairs. So the bounds are as far apart as that is
 * open: they take what was met once for as many contents as could be, and for as few. They hold the
 * truth unless chance went beyond three standard errors; of a whole sample they are one number.
 */
#ifndef KSM_POSITION_H
#define KSM_POSITION_H

#include "ksm/prints.h"

struct position_range {
	double least, likely, most;
};

struct position_estimate {
	double pages, read;          /* of all that take part */
	double zero, changing;       /* likely */
	struct position_range saved; /* pages */
};

/* `part`: which VMs take part, one bool a VM; NULL: all. -ENOMEM. */
int position_estimate(const struct prints *prints, const bool *part, struct position_estimate *ret);

#endif
