/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The objects of a snapshot in one fixed order and one shape, for code that treats all kinds
 * alike. Besides its figures an object has numbers that are no figures (when it was sampled,
 * when it was born); their names begin with '@'.
 */
#ifndef MODEL_SNAPSHOT_OBJECTS_H
#define MODEL_SNAPSHOT_OBJECTS_H

#include "model/snapshot.h"

enum object_kind {
	OBJECT_HOST,
	OBJECT_CPU,
	OBJECT_DISK,
	OBJECT_NIC,
	OBJECT_VM,
	OBJECT_THREAD,
	OBJECT_KIND_COUNT,
};

enum { OBJECT_KEYS_MAX = 3, OBJECT_TIMES_MAX = 3, OBJECT_EXTRA_NAME_SIZE = 64 };
enum { OBJECT_EXTRAS_MAX = OBJECT_TIMES_MAX + GROUP_COUNT };

struct object_shape {
	const struct object_info *info;
	int parent; /* enum object_kind, or -1 */
	unsigned key_count;
	bool named;
	unsigned time_count; /* the first extras */
	const char *times[OBJECT_TIMES_MAX];
	bool sampled;        /* then follows when each group was sampled */
};

struct object_item {
	int64_t key[OBJECT_KEYS_MAX];
	const char *name;
	uint32_t parent; /* threads: their VM's place in the snapshot */
	struct object_view view;
	int64_t extra[OBJECT_EXTRAS_MAX];
};

struct object_walk {
	const struct snapshot *snapshot;
	enum object_kind kind;
	size_t at;
	size_t vm; /* threads: the VM that `at` counts in */
};

const struct object_shape *object_shape(enum object_kind kind);
unsigned object_extra_count(enum object_kind kind);
/* "@born_usec", "@sampled_hot_usec" */
void object_extra_name(enum object_kind kind, unsigned extra, char ret[static OBJECT_EXTRA_NAME_SIZE]);
/* for (walk = object_walk_over(snapshot, kind); object_walk_next(&walk, &item); ) */
struct object_walk object_walk_over(const struct snapshot *snapshot, enum object_kind kind);
bool object_walk_next(struct object_walk *walk, struct object_item *ret);
/* Puts an extra back into the object that the item was taken from. */
void object_set_extra(struct snapshot *snapshot, enum object_kind kind, size_t at, unsigned extra,
		      int64_t value);

#endif
