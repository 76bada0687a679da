/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd as the box's first process: it gets a target of its own with D-Bus and the job in it,
 * and none of what this machine starts at boot. The job is then run by a unit, box-init --job.
 */
#ifndef LAB_BOX_INIT_SYSTEMD_H
#define LAB_BOX_INIT_SYSTEMD_H

#include <stddef.h>

struct error;

/* Becomes systemd. Returns only where it cannot. init: the path of box-init. */
int init_systemd_exec(const char *init, const char *job, size_t size, struct error *err);

/* What the unit reads; job has room for BOX_FRAME_MAX. */
int init_systemd_read_job(const char *path, char *job, size_t *ret_size, struct error *err);

#endif
