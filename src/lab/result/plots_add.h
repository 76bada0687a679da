/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes the plots of plots.h: each of these adds one, or none where there is nothing for it. */
#ifndef LAB_RESULT_PLOTS_ADD_H
#define LAB_RESULT_PLOTS_ADD_H

#include "lab/result/plots.h"

enum { PLOTS_WIDTH = 760 };

/* "time": VM1, the load of the others under it, what VM1 waited for, and the shared link. */
void plots_add_time(const struct result *result, struct plots *plots);
/* "vms": work, steal, waiting, pressure and faults of every VM in the same run. */
void plots_add_vms(const struct result *result, struct plots *plots);

struct plot *plots_add(struct plots *plots, const char *name, const char *title, const char *caption);
void plots_drop_last(struct plots *plots);
/* The script's head, and in the picture's corner what the platform was. */
void plots_begin_script(const struct result *result, struct plot *plot, unsigned height);

#endif
