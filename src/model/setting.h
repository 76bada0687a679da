/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings by number, and their values as text. A value of SETTING_UNLIMITED is "max": no limit,
 * no quota. A setting of unit TEXT has a text for a value (a CPU list) and no number.
 */
#ifndef MODEL_SETTING_H
#define MODEL_SETTING_H

#include "model/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct str;

#define MODEL_ENUM_SETTING(symbol, ...) SETTING_##symbol,
enum setting { SETTINGS(MODEL_ENUM_SETTING) SETTING_COUNT };

#define SETTING_UNLIMITED INT64_MAX
#define SETTING_TEXT_SIZE 192 /* of a CPU list, with its NUL */

enum setting_unit {
	SETTING_UNIT_NUMBER,
	SETTING_UNIT_SHARES,
	SETTING_UNIT_CPUS,             /* permyriad: 10000 is one CPU */
	SETTING_UNIT_USEC,
	SETTING_UNIT_BYTES,
	SETTING_UNIT_BYTES_PER_SECOND,
	SETTING_UNIT_PER_SECOND,
	SETTING_UNIT_TEXT,
};
enum setting_kind { SETTING_KIND_INTENT, SETTING_KIND_KNOB };
enum setting_resource {
	SETTING_RESOURCE_CPU,
	SETTING_RESOURCE_MEMORY,
	SETTING_RESOURCE_DISK,
	SETTING_RESOURCE_NET,
	SETTING_RESOURCE_COUNT,
};
enum setting_scope { SETTING_SCOPE_VM, SETTING_SCOPE_HOST };
enum setting_tighter { SETTING_TIGHTER_LOWER, SETTING_TIGHTER_HIGHER, SETTING_TIGHTER_NEITHER };

struct setting_info {
	const char *name; /* "cpu.shares" */
	enum setting_unit unit;
	enum setting_kind kind;
	enum setting_resource resource;
	enum setting_scope scope;
	enum setting_tighter tighter;
	int64_t least, most;
	int figure; /* enum vm_figure or host_figure, by scope; -1: none */
	const char *help;
};

struct setting_value {
	int64_t number;
	char text[SETTING_TEXT_SIZE]; /* "" where the unit is not TEXT */
};

extern const struct setting_info setting_info[SETTING_COUNT];

int setting_find(const char *name); /* its number, or -1 */
/* The same; -ENOENT with a sentence that names the nearest. */
int setting_find_or_suggest(const char *name, struct error *err);
/* It takes once and sets nothing: there is nothing of it to give back. */
bool setting_is_once(enum setting setting);
const char *setting_resource_name(enum setting_resource resource);
bool setting_value_equal(enum setting setting, const struct setting_value *a,
			 const struct setting_value *b);
/* Whether going from a to b takes something from the VM. */
bool setting_is_tightened(enum setting setting, int64_t from, int64_t to);
/* "400", "1.5 CPUs", "512 MiB", "10 MB/s", "max", "0-3,8": what setting_parse reads. */
void setting_append(struct str *str, enum setting setting, const struct setting_value *value);
/* Reads the above and other usual spellings ("2cpus", "50%", "1G", "80 Mbit/s", "20ms"), units
 * with and without a space, "max"; checks least and most. A CPU list comes out as the kernel
 * writes one. -EINVAL, -ERANGE, each with a sentence that names the setting, the value and what
 * would do. */
int setting_parse(enum setting setting, const char *text, struct setting_value *ret,
		  struct error *err);
/* Whether "max" makes sense: for a limit it does, for a reservation it does not. */
bool setting_takes_unlimited(enum setting setting);
/* -ERANGE with a sentence when the number is not between least and most. */
int setting_check(enum setting setting, int64_t number, struct error *err);

#endif
