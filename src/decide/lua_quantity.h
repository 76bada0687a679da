/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers with a unit, as values in Lua. A quantity is a light userdata whose 64 bits are the
 * number with the unit in the lowest six: it allocates nothing, it is equal to another of the
 * same number and unit, and 46 bits of the number are left (bytes up to 128 TiB and
 * microseconds up to four years are exact). A count is a plain number; a share (37 %) is not.
 * Amounts are in base units: bytes, microseconds, CPUs.
 */
#ifndef DECIDE_LUA_QUANTITY_H
#define DECIDE_LUA_QUANTITY_H

#include "model/setting.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct str;

struct quantity {
	double number;
	uint8_t unit;
};

/* bytes^a time^b CPUs^c, for a and c in -1..1, b in -2..2; all zero is a share. */
#define QUANTITY_UNIT(a, b, c) ((uint8_t)((a) + 1 + 3 * ((b) + 2) + 15 * ((c) + 1)))
enum {
	QUANTITY_UNIT_COUNT = 45,
	QUANTITY_SHARE = QUANTITY_UNIT(0, 0, 0),
	QUANTITY_BYTES = QUANTITY_UNIT(1, 0, 0),
	QUANTITY_TIME = QUANTITY_UNIT(0, 1, 0),
	QUANTITY_CPUS = QUANTITY_UNIT(0, 0, 1),
	QUANTITY_BYTES_PER_TIME = QUANTITY_UNIT(1, -1, 0),
	QUANTITY_PER_TIME = QUANTITY_UNIT(0, -1, 0),
	QUANTITY_PLAIN = 63, /* no quantity: a Lua number, in functions that take both */
};

/* The metatable of all quantities, and the units' names (MiB, second, cpus, percent, ...) and
 * functions (number, clamp, round) into the table on top of the stack. */
void quantity_open(lua_State *L);

/* Raises an error for what is not a number. A PLAIN one becomes a Lua number, whole where it is. */
void quantity_push(lua_State *L, double number, uint8_t unit);
/* A quantity or a number (as PLAIN); false for anything else. */
bool quantity_at(lua_State *L, int at, struct quantity *ret);
uint64_t quantity_bits(double number, uint8_t unit);
struct quantity quantity_of_bits(uint64_t bits);

/* "512 MiB", "1.5 s", "37 %", "2 CPUs", "10 MB/s", "80/s"; a plain one as a number. */
void quantity_append(struct str *str, struct quantity quantity);
/* "time", "bytes", "a plain number", ... */
const char *quantity_unit_name(uint8_t unit);
/* -1, 0, 1; raises an error where the units differ, with `what` ("compares") in the sentence. */
int quantity_compare(lua_State *L, int a, int b, const char *what);

/* What a value of a setting is in Lua, and back: false and a sentence where it is none. */
void quantity_push_setting(lua_State *L, enum setting setting, const struct setting_value *value);
bool quantity_take_setting(lua_State *L, int at, enum setting setting,
			   struct setting_value *ret, struct error *err);

#endif
