/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_quantity.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "decide/lua_text.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(void *) == 8, "a quantity is a number in a pointer");

#define UNIT_MASK ((uint64_t)63)

/* -- bits ------------------------------------------------------------------------------- */

uint64_t quantity_bits(double number, uint8_t unit)
{
	uint64_t bits;

	number += 0.0; /* of the two zeros the positive one */
	memcpy(&bits, &number, sizeof bits);
	/* To the nearest that fits; an overflow of the digits goes rightly into the exponent. */
	bits = (bits + 32) & ~UNIT_MASK;
	return bits | unit;
}

struct quantity quantity_of_bits(uint64_t bits)
{
	struct quantity quantity = { .unit = bits & UNIT_MASK };

	bits &= ~UNIT_MASK;
	memcpy(&quantity.number, &bits, sizeof bits);
	return quantity;
}

static void push_plain(lua_State *L, double number)
{
	if (number == floor(number) && fabs(number) < 9007199254740992.0)
		lua_pushinteger(L, (lua_Integer)number);
	else
		lua_pushnumber(L, number);
}

void quantity_push(lua_State *L, double number, uint8_t unit)
{
	if (isnan(number))
		luaL_error(L, "the result is not a number (0/0, or max minus max)");
	if (unit == QUANTITY_PLAIN)
		push_plain(L, number);
	else
		lua_pushlightuserdata(L, (void *)(uintptr_t)quantity_bits(number, unit));
}

bool quantity_at(lua_State *L, int at, struct quantity *ret)
{
	int type = lua_type(L, at);

	if (type == LUA_TLIGHTUSERDATA) {
		*ret = quantity_of_bits((uint64_t)(uintptr_t)lua_touserdata(L, at));
		return true;
	}
	if (type != LUA_TNUMBER)
		return false;
	*ret = (struct quantity){ lua_tonumber(L, at), QUANTITY_PLAIN };
	return true;
}

/* -- units ------------------------------------------------------------------------------ */

struct dimensions {
	int bytes, time, cpus;
};

static struct dimensions dimensions_of(uint8_t unit)
{
	if (unit == QUANTITY_PLAIN)
		unit = QUANTITY_SHARE;
	return (struct dimensions){ unit % 3 - 1, unit / 3 % 5 - 2, unit / 15 - 1 };
}

static bool unit_of(struct dimensions d, uint8_t *ret)
{
	if (d.bytes < -1 || d.bytes > 1 || d.time < -2 || d.time > 2 || d.cpus < -1 || d.cpus > 1)
		return false;
	*ret = QUANTITY_UNIT(d.bytes, d.time, d.cpus);
	return true;
}

const char *quantity_unit_name(uint8_t unit)
{
	switch (unit) {
	case QUANTITY_PLAIN:
		return "a plain number";
	case QUANTITY_SHARE:
		return "a share";
	case QUANTITY_BYTES:
		return "bytes";
	case QUANTITY_TIME:
		return "time";
	case QUANTITY_CPUS:
		return "CPUs";
	case QUANTITY_BYTES_PER_TIME:
		return "bytes per time";
	case QUANTITY_PER_TIME:
		return "a number per time";
	default:
		return "a compound unit";
	}
}

/* -- as text ---------------------------------------------------------------------------- */

struct scale {
	double size;
	const char *name;
};

static const struct scale times[] = {
	{ 3600e6, " h" }, { 60e6, " min" }, { 1e6, " s" }, { 1e3, " ms" }, { 1, " us" }, { 0, NULL },
};
static const struct scale binary[] = {
	{ 1099511627776.0, " TiB" }, { 1073741824.0, " GiB" }, { 1048576.0, " MiB" },
	{ 1024.0, " KiB" }, { 1, " B" }, { 0, NULL },
};
static const struct scale rates[] = { /* per microsecond */
	{ 1e6, " TB/s" }, { 1e3, " GB/s" }, { 1, " MB/s" }, { 1e-3, " kB/s" }, { 1e-6, " B/s" },
	{ 0, NULL },
};
static const struct scale per_second[] = { { 1e-6, "/s" }, { 0, NULL } };
static const struct scale shares[] = { { 0.01, " %" }, { 0, NULL } };
static const struct scale processors[] = { { 1, " CPUs" }, { 0, NULL } };

static const struct scale *scales_of(uint8_t unit)
{
	switch (unit) {
	case QUANTITY_SHARE:
		return shares;
	case QUANTITY_BYTES:
		return binary;
	case QUANTITY_TIME:
		return times;
	case QUANTITY_CPUS:
		return processors;
	case QUANTITY_BYTES_PER_TIME:
		return rates;
	case QUANTITY_PER_TIME:
		return per_second;
	default:
		return NULL;
	}
}

/* Four digits are what a person reads; whole numbers are kept whole. */
static void append_digits(struct str *str, double number)
{
	if (number == floor(number) && fabs(number) < 1e15)
		str_appendf(str, "%.0f", number);
	else
		str_appendf(str, "%.4g", number);
}

static void append_compound(struct str *str, struct quantity quantity)
{
	struct dimensions d = dimensions_of(quantity.unit);

	str_appendf(str, "%.4g", quantity.number * pow(1e-6, d.time));
	if (d.bytes != 0)
		str_appendf(str, " B^%d", d.bytes);
	if (d.time != 0)
		str_appendf(str, " s^%d", d.time);
	if (d.cpus != 0)
		str_appendf(str, " CPUs^%d", d.cpus);
}

void quantity_append(struct str *str, struct quantity quantity)
{
	const struct scale *scale = scales_of(quantity.unit);

	if (quantity.unit == QUANTITY_PLAIN || isinf(quantity.number)) {
		if (isinf(quantity.number))
			str_append(str, quantity.number > 0 ? "max" : "-max");
		else
			append_digits(str, quantity.number);
		return;
	}
	if (scale == NULL) {
		append_compound(str, quantity);
		return;
	}
	/* A little short of the next scale counts as it: 999.99996 ms is 1 s. */
	while (scale[1].name != NULL && fabs(quantity.number) < scale->size * 0.99995)
		scale++;
	append_digits(str, quantity.number / scale->size);
	str_append(str, quantity.unit == QUANTITY_CPUS && quantity.number == 1 ? " CPU" : scale->name);
}

/* What stands at `at`, for sentences; leaves a string on the stack that keeps it alive. */
static const char *push_described(lua_State *L, int at)
{
	struct quantity quantity;
	struct str text;

	if (!quantity_at(L, at, &quantity))
		return lua_text_push_described(L, at);
	str_init(&text);
	quantity_append(&text, quantity);
	if (quantity.unit == QUANTITY_PLAIN)
		str_append(&text, " (a plain number)");
	else
		str_appendf(&text, " (%s)", quantity_unit_name(quantity.unit));
	return lua_text_push(L, &text);
}

/* -- arithmetic ------------------------------------------------------------------------- */

static int fail_on_units(lua_State *L, int a, int b, const char *what, const char *hint)
{
	const char *left = push_described(L, a);
	const char *right = push_described(L, b);

	return luaL_error(L, "%s %s and %s%s", what, left, right, hint);
}

static const char *hint_for(lua_State *L, struct quantity a, struct quantity b)
{
	uint8_t other = a.unit == QUANTITY_PLAIN ? b.unit : a.unit;

	if (a.unit != QUANTITY_PLAIN && b.unit != QUANTITY_PLAIN)
		return ": their units differ";
	if (other == QUANTITY_SHARE)
		return ": a share is compared with a share, as percent(90)";
	if (other == QUANTITY_BYTES)
		return ": give the number its unit, as 512 * MiB";
	if (other == QUANTITY_TIME)
		return ": give the number its unit, as 5 * seconds";
	if (other == QUANTITY_CPUS)
		return ": give the number its unit, as 2 * cpus";
	return ": give the number its unit";
}

/* Both of one unit; a plain zero is zero in each. */
static uint8_t take_alike(lua_State *L, const char *what, struct quantity *a, struct quantity *b)
{
	if (!quantity_at(L, 1, a) || !quantity_at(L, 2, b))
		return (uint8_t)fail_on_units(L, 1, 2, what, lua_text_hint_absent(L));
	if (a->unit == b->unit)
		return a->unit;
	if (b->unit == QUANTITY_PLAIN && b->number == 0)
		return a->unit;
	if (a->unit == QUANTITY_PLAIN && a->number == 0)
		return b->unit;
	return (uint8_t)fail_on_units(L, 1, 2, what, hint_for(L, *a, *b));
}

static int quantity_add(lua_State *L)
{
	struct quantity a, b;
	uint8_t unit = take_alike(L, "adds", &a, &b);

	quantity_push(L, a.number + b.number, unit);
	return 1;
}

static int quantity_subtract(lua_State *L)
{
	struct quantity a, b;
	uint8_t unit = take_alike(L, "subtracts", &a, &b);

	quantity_push(L, a.number - b.number, unit);
	return 1;
}

static int push_product(lua_State *L, double number, struct dimensions d, const char *what)
{
	uint8_t unit;

	if (!unit_of(d, &unit))
		return fail_on_units(L, 1, 2, what, ": there is no such unit");
	quantity_push(L, number, unit);
	return 1;
}

static int quantity_multiply(lua_State *L)
{
	struct quantity a, b;
	struct dimensions x, y;

	if (!quantity_at(L, 1, &a) || !quantity_at(L, 2, &b))
		return fail_on_units(L, 1, 2, "multiplies", lua_text_hint_absent(L));
	x = dimensions_of(a.unit);
	y = dimensions_of(b.unit);
	return push_product(L, a.number * b.number,
			    (struct dimensions){ x.bytes + y.bytes, x.time + y.time,
						 x.cpus + y.cpus }, "multiplies");
}

static int quantity_divide(lua_State *L)
{
	struct quantity a, b;
	struct dimensions x, y;

	if (!quantity_at(L, 1, &a) || !quantity_at(L, 2, &b))
		return fail_on_units(L, 1, 2, "divides", lua_text_hint_absent(L));
	if (b.number == 0)
		return fail_on_units(L, 1, 2, "divides", ": by zero");
	x = dimensions_of(a.unit);
	y = dimensions_of(b.unit);
	return push_product(L, a.number / b.number,
			    (struct dimensions){ x.bytes - y.bytes, x.time - y.time,
						 x.cpus - y.cpus }, "divides");
}

/* How many whole ones of b are in a: a plain number. */
static int quantity_divide_whole(lua_State *L)
{
	struct quantity a, b;
	uint8_t unit = take_alike(L, "divides", &a, &b);

	if (b.number == 0)
		return fail_on_units(L, 1, 2, "divides", ": by zero");
	quantity_push(L, floor(a.number / b.number), QUANTITY_PLAIN);
	return unit != QUANTITY_PLAIN;
}

static int quantity_modulo(lua_State *L)
{
	struct quantity a, b;
	uint8_t unit = take_alike(L, "divides", &a, &b);

	if (b.number == 0)
		return fail_on_units(L, 1, 2, "divides", ": by zero");
	quantity_push(L, a.number - floor(a.number / b.number) * b.number, unit);
	return 1;
}

static int quantity_negate(lua_State *L)
{
	struct quantity a = { 0, QUANTITY_PLAIN };

	quantity_at(L, 1, &a);
	quantity_push(L, -a.number, a.unit);
	return 1;
}

static int quantity_power(lua_State *L)
{
	return fail_on_units(L, 1, 2, "raises", " to a power: only plain numbers have powers");
}

static int quantity_less(lua_State *L)
{
	struct quantity a, b;

	take_alike(L, "compares", &a, &b);
	lua_pushboolean(L, a.number < b.number);
	return 1;
}

static int quantity_less_or_equal(lua_State *L)
{
	struct quantity a, b;

	take_alike(L, "compares", &a, &b);
	lua_pushboolean(L, a.number <= b.number);
	return 1;
}

int quantity_compare(lua_State *L, int at_a, int at_b, const char *what)
{
	struct quantity a, b;

	at_a = lua_absindex(L, at_a);
	at_b = lua_absindex(L, at_b);
	if (!quantity_at(L, at_a, &a) || !quantity_at(L, at_b, &b))
		fail_on_units(L, at_a, at_b, what, lua_text_hint_absent(L));
	if (a.unit != b.unit && !(a.unit == QUANTITY_PLAIN && a.number == 0) &&
	    !(b.unit == QUANTITY_PLAIN && b.number == 0))
		fail_on_units(L, at_a, at_b, what, hint_for(L, a, b));
	return a.number < b.number ? -1 : a.number > b.number;
}

static int quantity_to_text(lua_State *L)
{
	struct quantity a = { 0, QUANTITY_PLAIN };
	struct str text;

	quantity_at(L, 1, &a);
	str_init(&text);
	quantity_append(&text, a);
	lua_text_push(L, &text);
	return 1;
}

static int quantity_join(lua_State *L)
{
	int at;

	for (at = 1; at <= 2; at++) {
		int type = lua_type(L, at);

		if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TLIGHTUSERDATA)
			return fail_on_units(L, 1, 2, "joins", lua_text_hint_absent(L));
		luaL_tolstring(L, at, NULL);
	}
	lua_concat(L, 2);
	return 1;
}

static int quantity_index(lua_State *L)
{
	const char *what = push_described(L, 1);
	const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "it";

	return luaL_error(L, "%s is a quantity and has nothing called '%s': number(x, unit) gives "
			  "the plain number", what, name);
}

/* -- functions -------------------------------------------------------------------------- */

/* number(x, unit): how many of the unit; number(share) is 0 to 1. */
static int quantity_number(lua_State *L)
{
	struct quantity a, unit = { 1, QUANTITY_SHARE };

	if (!quantity_at(L, 1, &a))
		return luaL_error(L, "number: %s is no quantity%s", push_described(L, 1),
				  lua_text_hint_absent(L));
	if (a.unit == QUANTITY_PLAIN) {
		lua_settop(L, 1);
		return 1;
	}
	if (lua_isnoneornil(L, 2)) {
		if (a.unit != QUANTITY_SHARE)
			return luaL_error(L, "number: in which unit is %s to be told? As in "
					  "number(x, MiB)", push_described(L, 1));
	} else if (!quantity_at(L, 2, &unit) || unit.unit != a.unit) {
		return fail_on_units(L, 1, 2, "number: tells", ": their units differ");
	}
	quantity_push(L, a.number / unit.number, QUANTITY_PLAIN);
	return 1;
}

static int quantity_percent(lua_State *L)
{
	if (lua_type(L, 1) != LUA_TNUMBER)
		return luaL_error(L, "percent: %s is no plain number", push_described(L, 1));
	quantity_push(L, lua_tonumber(L, 1) / 100, QUANTITY_SHARE);
	return 1;
}

static int quantity_clamp(lua_State *L)
{
	if (quantity_compare(L, 2, 3, "clamp: compares") > 0)
		return fail_on_units(L, 2, 3, "clamp:", ": the least is above the most");
	if (quantity_compare(L, 1, 2, "clamp: compares") < 0)
		lua_pushvalue(L, 2);
	else if (quantity_compare(L, 1, 3, "clamp: compares") > 0)
		lua_pushvalue(L, 3);
	else
		lua_pushvalue(L, 1);
	return 1;
}

/* round(x, step): the nearest multiple; the step of a plain number is 1 where none is given. */
static int quantity_round(lua_State *L)
{
	struct quantity a, step = { 1, QUANTITY_PLAIN };

	if (!quantity_at(L, 1, &a) || (!lua_isnoneornil(L, 2) && !quantity_at(L, 2, &step)))
		return luaL_error(L, "round: %s is no number%s", push_described(L, 1),
				  lua_text_hint_absent(L));
	if (a.unit != step.unit || !(step.number > 0)) {
		lua_settop(L, 1);
		quantity_push(L, step.number, step.unit);
		return fail_on_units(L, 1, 2, "round: takes", ": the step must be of the same "
				     "unit and above zero");
	}
	/* What is a half but for its last bit is a half. */
	quantity_push(L, round(a.number / step.number * (1 + 1e-12)) * step.number, a.unit);
	return 1;
}

static int extreme(lua_State *L, int sign, const char *what)
{
	int at, best = 1, count = lua_gettop(L);

	if (count == 0)
		return luaL_error(L, "%s: of nothing", what);
	for (at = 2; at <= count; at++)
		if (quantity_compare(L, at, best, what) * sign > 0)
			best = at;
	lua_pushvalue(L, best);
	return 1;
}

static int quantity_max(lua_State *L)
{
	return extreme(L, 1, "max: compares");
}

static int quantity_min(lua_State *L)
{
	return extreme(L, -1, "min: compares");
}

static int quantity_absolute(lua_State *L)
{
	struct quantity a;

	if (!quantity_at(L, 1, &a))
		return luaL_error(L, "abs: %s is no number%s", push_described(L, 1),
				  lua_text_hint_absent(L));
	quantity_push(L, fabs(a.number), a.unit);
	return 1;
}

/* -- names ------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	double size;
	uint8_t unit;
} units[] = {
	{ "byte", 1, QUANTITY_BYTES }, { "bytes", 1, QUANTITY_BYTES },
	{ "KiB", 1024, QUANTITY_BYTES }, { "MiB", 1 << 20, QUANTITY_BYTES },
	{ "GiB", 1 << 30, QUANTITY_BYTES }, { "TiB", 1099511627776.0, QUANTITY_BYTES },
	{ "kB", 1e3, QUANTITY_BYTES }, { "MB", 1e6, QUANTITY_BYTES },
	{ "GB", 1e9, QUANTITY_BYTES }, { "TB", 1e12, QUANTITY_BYTES },
	{ "kbit", 125, QUANTITY_BYTES }, { "Mbit", 125e3, QUANTITY_BYTES },
	{ "Gbit", 125e6, QUANTITY_BYTES },
	{ "us", 1, QUANTITY_TIME }, { "ms", 1e3, QUANTITY_TIME },
	{ "second", 1e6, QUANTITY_TIME }, { "seconds", 1e6, QUANTITY_TIME },
	{ "minute", 60e6, QUANTITY_TIME }, { "minutes", 60e6, QUANTITY_TIME },
	{ "hour", 3600e6, QUANTITY_TIME }, { "hours", 3600e6, QUANTITY_TIME },
	{ "day", 86400e6, QUANTITY_TIME }, { "days", 86400e6, QUANTITY_TIME },
	{ "cpu", 1, QUANTITY_CPUS }, { "cpus", 1, QUANTITY_CPUS },
};

static const luaL_Reg metamethods[] = {
	{ "__add", quantity_add }, { "__sub", quantity_subtract }, { "__mul", quantity_multiply },
	{ "__div", quantity_divide }, { "__idiv", quantity_divide_whole },
	{ "__mod", quantity_modulo }, { "__unm", quantity_negate }, { "__pow", quantity_power },
	{ "__lt", quantity_less }, { "__le", quantity_less_or_equal },
	{ "__tostring", quantity_to_text }, { "__concat", quantity_join },
	{ "__index", quantity_index }, { NULL, NULL },
};

static const luaL_Reg functions[] = {
	{ "number", quantity_number }, { "percent", quantity_percent }, { "clamp", quantity_clamp },
	{ "round", quantity_round }, { "max", quantity_max }, { "min", quantity_min },
	{ "abs", quantity_absolute }, { NULL, NULL },
};

void quantity_open(lua_State *L)
{
	size_t i;

	luaL_setfuncs(L, functions, 0);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		quantity_push(L, units[i].size, units[i].unit);
		lua_setfield(L, -2, units[i].name);
	}
	lua_pushlightuserdata(L, NULL);
	luaL_newlib(L, metamethods);
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

/* -- settings --------------------------------------------------------------------------- */

/* The unit of a setting, and how many of the setting's own are in one base unit. */
static uint8_t unit_of_setting(enum setting_unit unit, double *ret_factor)
{
	*ret_factor = 1;
	switch (unit) {
	case SETTING_UNIT_CPUS:
		*ret_factor = 10000;
		return QUANTITY_CPUS;
	case SETTING_UNIT_USEC:
		return QUANTITY_TIME;
	case SETTING_UNIT_BYTES:
		return QUANTITY_BYTES;
	case SETTING_UNIT_BYTES_PER_SECOND:
		*ret_factor = 1e6;
		return QUANTITY_BYTES_PER_TIME;
	case SETTING_UNIT_PER_SECOND:
		*ret_factor = 1e6;
		return QUANTITY_PER_TIME;
	default:
		return QUANTITY_PLAIN;
	}
}

void quantity_push_setting(lua_State *L, enum setting setting, const struct setting_value *value)
{
	double factor;
	uint8_t unit = unit_of_setting(setting_info[setting].unit, &factor);

	if (setting_info[setting].unit == SETTING_UNIT_TEXT)
		lua_pushstring(L, value->text);
	else if (value->number == SETTING_UNLIMITED && unit != QUANTITY_PLAIN)
		quantity_push(L, INFINITY, unit);
	else
		quantity_push(L, (double)value->number / factor, unit);
}

static const char *example_of(enum setting_unit unit)
{
	switch (unit) {
	case SETTING_UNIT_CPUS:
		return "2 * cpus";
	case SETTING_UNIT_USEC:
		return "5 * ms";
	case SETTING_UNIT_BYTES:
		return "512 * MiB";
	case SETTING_UNIT_BYTES_PER_SECOND:
		return "10 * MB / second";
	case SETTING_UNIT_PER_SECOND:
		return "500 / second";
	case SETTING_UNIT_TEXT:
		return "\"0-3,8\"";
	default:
		return "400";
	}
}

static bool fail_setting(lua_State *L, int at, enum setting setting, struct error *err)
{
	const struct setting_info *info = &setting_info[setting];

	at = lua_absindex(L, at);
	error_set(err, -EINVAL, "%s is %s; it takes a value as %s%s", info->name,
		  push_described(L, at), example_of(info->unit),
		  info->most == SETTING_UNLIMITED ? ", or \"max\" for no limit" : "");
	lua_pop(L, 1);
	return false;
}

static bool take_text_setting(lua_State *L, int at, enum setting setting,
			      struct setting_value *ret, struct error *err)
{
	size_t size;
	const char *text = lua_tolstring(L, at, &size);

	if (setting_info[setting].unit == SETTING_UNIT_TEXT) {
		if (size >= SETTING_TEXT_SIZE || strlen(text) != size)
			return fail_setting(L, at, setting, err);
		return setting_parse(setting, text, ret, err) == 0;
	}
	if (strcmp(text, "max") != 0 || setting_info[setting].most != SETTING_UNLIMITED)
		return fail_setting(L, at, setting, err);
	ret->number = SETTING_UNLIMITED;
	return true;
}

bool quantity_take_setting(lua_State *L, int at, enum setting setting, struct setting_value *ret,
			   struct error *err)
{
	const struct setting_info *info = &setting_info[setting];
	struct quantity quantity;
	double factor, number;
	uint8_t unit = unit_of_setting(info->unit, &factor);

	memset(ret, 0, sizeof *ret);
	if (lua_type(L, at) == LUA_TSTRING)
		return take_text_setting(L, at, setting, ret, err);
	if (!quantity_at(L, at, &quantity) || info->unit == SETTING_UNIT_TEXT)
		return fail_setting(L, at, setting, err);
	if (isnan(quantity.number)) {
		error_set(err, -EINVAL, "%s is not a number (NaN: 0/0 somewhere before)", info->name);
		return false;
	}
	if (quantity.unit != unit && quantity.number != 0)
		return fail_setting(L, at, setting, err);
	number = round(quantity.number * factor);
	if (number >= 9.2e18 && info->most == SETTING_UNLIMITED)
		ret->number = SETTING_UNLIMITED;
	else
		ret->number = number >= 9.2e18 ? INT64_MAX - 1 :
			number <= -9.2e18 ? INT64_MIN : (int64_t)number;
	return ret->number == SETTING_UNLIMITED || setting_check(setting, ret->number, err) == 0;
}
