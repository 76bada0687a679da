/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of a VMM: bounded in depth, and with the unsigned numbers that QEMU writes. */
#ifndef SYS_QMP_JSON_H
#define SYS_QMP_JSON_H

#include <jansson.h>

/* QMP's deepest answers are some ten levels. */
#define QMP_JSON_DEPTH 32

/*
 * One JSON object. A whole number above INT64_MAX comes out as -1: QEMU writes 2^64-1 where a
 * guest told nothing, and jansson takes no such number. Changes the line. -EPROTO.
 */
int qmp_json_load(char *line, size_t size, json_t **ret);

#endif
