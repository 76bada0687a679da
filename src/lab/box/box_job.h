/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the box is to do, as the payload of a JOB frame: "key=value" texts, each ended by a NUL.
 * A key may come several times (arguments, modules, ...), and order is kept within a key. It
 * goes over the port and not on the kernel's command line, which has 2048 bytes and no quoting.
 */
#ifndef LAB_BOX_JOB_H
#define LAB_BOX_JOB_H

#include <stdbool.h>
#include <stddef.h>

struct str;

#define BOX_JOB_ARGUMENT "argument"
#define BOX_JOB_ENVIRONMENT "environment" /* NAME=VALUE */
#define BOX_JOB_DIRECTORY "directory"	  /* the command's working directory */
#define BOX_JOB_VISIBLE "visible"	  /* stays in sight below the fresh /tmp and /run */
#define BOX_JOB_WRITABLE "writable"	  /* the n-th is the share with the tag writableN */
#define BOX_JOB_MODULES "modules"	  /* what modprobe takes as --dirname */
#define BOX_JOB_MODULE "module"		  /* NAME [PARAMETER=VALUE ...] */
#define BOX_JOB_NESTED "nested"		  /* the module that gives /dev/kvm is wanted */
#define BOX_JOB_SYSTEMD "systemd"	  /* systemd is wanted as the first process */
#define BOX_JOB_DISKS "disks"		  /* how many virtio disks must be there */

void box_job_add(struct str *job, const char *key, const char *value);

/* A job that box_job_next may walk: it is empty or ends in a NUL. */
bool box_job_is_whole(const char *job, size_t size);

/* The next value of this key at or after *at (begin with 0), or NULL. */
const char *box_job_next(const char *job, size_t size, size_t *at, const char *key);

/* The key's first value, or NULL. */
const char *box_job_get(const char *job, size_t size, const char *key);

#endif
