/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The schema of a stream of snapshot frames: the shape of its tables, made from figures.h by
 * the writer and from the key frame's bytes by the reader. */
#ifndef MODEL_SNAPSHOT_SCHEMA_H
#define MODEL_SNAPSHOT_SCHEMA_H

#include "base/cursor.h"
#include "model/snapshot_table.h"

struct error;
struct str;

/* Table i is object kind i, columns are its extras and then its figures. False: no memory. */
bool schema_make(struct tables *tables);
void schema_append(const struct tables *tables, struct str *out);
/* Fills empty tables, and matches the names with this program's. -EBADMSG, -ENOMEM. */
int schema_take(struct tables *tables, struct cursor *bytes, struct error *err);
/* A name: a length, then so many bytes, none of them NUL; at most size - 1. */
bool schema_take_name(struct cursor *bytes, char *ret, size_t size);
void schema_append_name(struct str *out, const char *name, size_t size);

#endif
