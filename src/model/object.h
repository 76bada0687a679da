/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every object of a snapshot has: an array of figures, the state of each, and texts.
 * Absent is not zero: a figure without FIGURE_PRESENT has no value, and its state is the reason.
 * Whoever prints or serialises goes over an object_view and never knows a figure by name.
 */
#ifndef MODEL_OBJECT_H
#define MODEL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum figure_state {
	FIGURE_NOT_ASKED = 0, /* nobody declared a need, or it was not its turn yet */
	FIGURE_PRESENT,
	FIGURE_UNSUPPORTED, /* this kernel, VMM or host does not have it */
	FIGURE_REFUSED,     /* the kernel said no: permission, lockdown */
	FIGURE_VANISHED,    /* it went away while it was read */
	FIGURE_LATE,        /* its owner did not answer in time */
	FIGURE_TOO_SOON,    /* needs a longer look: a rate after one sample */
	FIGURE_STATE_COUNT,
};

enum figure_unit { UNIT_NUMBER, UNIT_COUNT, UNIT_USEC, UNIT_BYTES, UNIT_PERMYRIAD, UNIT_MILLI };
enum figure_kind { KIND_GAUGE, KIND_COUNTER, KIND_KNOB };
enum figure_group { GROUP_HOT, GROUP_PRESSURE, GROUP_COLD, GROUP_MAPS, GROUP_OWNER, GROUP_COUNT };

struct figure_info {
	const char *name;
	enum figure_unit unit;
	enum figure_kind kind;
	enum figure_group group;
	const char *help;
};

struct text_info {
	const char *name;
	const char *help;
};

struct object_info {
	const char *name;
	const struct figure_info *figures;
	size_t figure_count;
	const struct text_info *texts;
	size_t text_count;
};

struct object_view {
	const struct object_info *info;
	int64_t *value;
	uint8_t *state; /* enum figure_state */
	char **text;    /* NULL: not known */
};

extern const struct object_info host_info, cpu_info, disk_info, nic_info, vm_info, thread_info;

/* "unsupported", "refused", ...; "present" for FIGURE_PRESENT. */
const char *figure_state_name(enum figure_state state);
const char *figure_group_name(enum figure_group group);
/* The state that a negative errno of a read means. */
enum figure_state figure_state_from_errno(int code);
int object_find_figure(const struct object_info *info, const char *name); /* its index, or -1 */

static inline void figure_set(int64_t *value, uint8_t *state, unsigned index, int64_t number)
{
	value[index] = number;
	state[index] = FIGURE_PRESENT;
}

/* Growth of a counter between two sights of one object; false where either is absent. */
bool figure_growth(struct object_view now, struct object_view before, unsigned index, int64_t *ret);
/* Replaces a text only when it differs: nothing is allocated while nothing changes. */
bool text_set(char **text, const char *value, size_t size);
/* Values, states and texts of `from` into `to` (of the same info); false: out of memory. */
bool object_copy(struct object_view to, struct object_view from);
void object_done(struct object_view view);

#endif
