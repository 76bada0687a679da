/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The usual shapes of control, made once at load and called in rules with the rule's state:
 *
 *     local hurt = hysteresis { "hurt", low = percent(2), high = percent(5) }
 *     ... if hurt(state, vm.waiting) then ...
 *
 * Each keeps what it must in state[its name], so that a restart finds it again. An input that is
 * absent (nil) changes nothing: the answer is the one before.
 */
#include "base/cleanup.h"
#include "base/suggest.h"
#include "decide/lua_run.h"
#include "decide/lua_text.h"
#include "model/snapshot.h"

#include <math.h>
#include <string.h>

enum { WINDOW_MAX = 240 };

struct helper {
	const char *name;
	lua_CFunction call;
	void (*check)(lua_State *L); /* the table of options is at 1 */
	const char *const *options;
};

/* Where the parts of a call stand: the helper's closure has its options as upvalue. */
enum { AT_STATE = 1, AT_INPUT = 2, OPTIONS = 1 };

/* -- options, at load ------------------------------------------------------------------- */

static const char *own_name(lua_State *L, int options)
{
	const char *name;

	lua_rawgeti(L, options, 1);
	name = lua_tostring(L, -1);
	lua_pop(L, 1);
	return name;
}

static void need_option(lua_State *L, const char *what, const char *option)
{
	struct quantity quantity;

	lua_getfield(L, 1, option);
	if (!quantity_at(L, -1, &quantity))
		luaL_error(L, "%s \"%s\": %s is %s, and should be a number or a quantity", what,
			   own_name(L, 1), option, lua_text_push_described(L, -1));
	if (isnan(quantity.number))
		luaL_error(L, "%s \"%s\": %s is not a number (NaN)", what, own_name(L, 1), option);
	lua_pop(L, 1);
}

/* low < high, or with `equal` low <= high. */
static void need_order(lua_State *L, const char *what, const char *low, const char *high,
		       bool equal)
{
	int order;

	need_option(L, what, low);
	need_option(L, what, high);
	lua_getfield(L, 1, low);
	lua_getfield(L, 1, high);
	order = quantity_compare(L, -2, -1, "compares the options");
	if (order > 0 || (order == 0 && !equal)) {
		luaL_tolstring(L, -2, NULL);
		luaL_tolstring(L, -2, NULL);
		luaL_error(L, "%s \"%s\": %s (%s) is not below %s (%s)", what, own_name(L, 1), low,
			   lua_tostring(L, -2), high, lua_tostring(L, -1));
	}
	lua_pop(L, 2);
}

static double plain_option(lua_State *L, int options, const char *option, double otherwise)
{
	struct quantity quantity = { otherwise, QUANTITY_PLAIN };

	lua_getfield(L, options, option);
	quantity_at(L, -1, &quantity);
	lua_pop(L, 1);
	return quantity.number;
}

static void check_option_names(lua_State *L, const struct helper *helper)
{
	lua_pushnil(L);
	while (lua_next(L, 1) != 0) {
		const char *const *option = helper->options;
		struct suggest suggest;

		lua_pop(L, 1);
		if (lua_type(L, -1) == LUA_TNUMBER)
			continue;
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "%s: an option has a name", helper->name);
		suggest_init(&suggest, lua_tostring(L, -1));
		while (*option != NULL && strcmp(*option, lua_tostring(L, -1)) != 0)
			suggest_offer(&suggest, *option++);
		if (*option == NULL)
			luaL_error(L, "%s has no option '%s'%s%s%s", helper->name, lua_tostring(L, -1),
				   suggest.nearest != NULL ? ": did you mean " : "",
				   suggest.nearest != NULL ? suggest.nearest : "",
				   suggest.nearest != NULL ? "?" : "");
	}
}

/* -- the state -------------------------------------------------------------------------- */

/* Pushes state[name]; nil at first. */
static void push_kept(lua_State *L)
{
	if (lua_type(L, AT_STATE) != LUA_TTABLE) {
		lua_rawgeti(L, lua_upvalueindex(OPTIONS), 1);
		luaL_error(L, "'%s' takes the rule's state first: %s(state, value)",
			   lua_tostring(L, -1), lua_tostring(L, -1));
	}
	lua_rawgeti(L, lua_upvalueindex(OPTIONS), 1);
	lua_gettable(L, AT_STATE);
}

/* Pops the value at the top into state[name]. */
static void keep(lua_State *L)
{
	lua_rawgeti(L, lua_upvalueindex(OPTIONS), 1);
	lua_insert(L, -2);
	lua_settable(L, AT_STATE);
}

static void push_option(lua_State *L, const char *option)
{
	lua_pushstring(L, option);
	lua_rawget(L, lua_upvalueindex(OPTIONS));
}

static double now_usec(lua_State *L)
{
	const struct lua_policy *lua = lua_policy_of(L);

	if (lua->turn == NULL)
		luaL_error(L, "helpers are called in rules");
	return (double)lua->turn->now->monotonic_usec;
}

/* A field of the kept table at the top, as a number; NaN where there is none. */
static double kept_number(lua_State *L, const char *field)
{
	struct quantity quantity = { NAN, QUANTITY_PLAIN };

	if (lua_type(L, -1) == LUA_TTABLE) {
		lua_getfield(L, -1, field);
		quantity_at(L, -1, &quantity);
		lua_pop(L, 1);
	}
	return quantity.number;
}

/* -- hysteresis ------------------------------------------------------------------------- */

/* Above `high` yes, below `low` no, between them as before. */
static int call_hysteresis(lua_State *L)
{
	bool yes;

	lua_settop(L, 2);
	push_kept(L);
	yes = lua_toboolean(L, -1) != 0;
	if (!lua_isnil(L, AT_INPUT)) {
		push_option(L, "low");
		push_option(L, "high");
		if (quantity_compare(L, AT_INPUT, 5, "hysteresis: compares") > 0)
			yes = true;
		else if (quantity_compare(L, AT_INPUT, 4, "hysteresis: compares") < 0)
			yes = false;
		lua_pushboolean(L, yes);
		keep(L);
	}
	lua_pushboolean(L, yes);
	return 1;
}

static void check_hysteresis(lua_State *L)
{
	need_order(L, "hysteresis", "low", "high", false);
}

/* -- additive increase, multiplicative decrease ----------------------------------------- */

/* true: by `add` towards `most`; false: times `multiply` towards `least`; nil: as it was. */
static int call_aimd(lua_State *L)
{
	struct quantity value, add, least, most;

	lua_settop(L, 2);
	push_option(L, "add");
	push_option(L, "least");
	push_option(L, "most");
	quantity_at(L, 3, &add);
	quantity_at(L, 4, &least);
	quantity_at(L, 5, &most);
	push_kept(L);
	/* What an older version of the file kept under this name may be something else. */
	if (!quantity_at(L, -1, &value) || value.unit != most.unit) {
		push_option(L, "first");
		if (!quantity_at(L, -1, &value))
			value = most;
	}
	if (!lua_isnil(L, AT_INPUT))
		value.number = lua_toboolean(L, AT_INPUT) ? value.number + add.number :
			value.number * plain_option(L, lua_upvalueindex(OPTIONS), "multiply", 0.5);
	value.number = fmin(fmax(value.number, least.number), most.number);
	quantity_push(L, value.number, most.unit);
	lua_pushvalue(L, -1);
	keep(L);
	return 1;
}

static void check_aimd(lua_State *L)
{
	double multiply;

	need_order(L, "aimd", "least", "most", false);
	need_order(L, "aimd", "add", "most", true);
	need_option(L, "aimd", "multiply");
	multiply = plain_option(L, 1, "multiply", 0);
	if (!(multiply > 0 && multiply < 1))
		luaL_error(L, "aimd \"%s\": multiply is between 0 and 1, as 0.5", own_name(L, 1));
	if (!(plain_option(L, 1, "add", 0) > 0))
		luaL_error(L, "aimd \"%s\": add is above zero", own_name(L, 1));
	lua_getfield(L, 1, "first");
	if (!lua_isnil(L, -1)) {
		need_order(L, "aimd", "least", "first", true);
		need_order(L, "aimd", "first", "most", true);
	}
	lua_pop(L, 1);
}

/* -- rate limit ------------------------------------------------------------------------- */

/* Follows its input, but rises by at most `rise` and falls by at most `fall` in a second. */
static int call_rate_limit(lua_State *L)
{
	struct quantity input;
	double value, since, now = now_usec(L), seconds;

	lua_settop(L, 2);
	push_kept(L);
	value = kept_number(L, "value");
	since = kept_number(L, "at");
	if (lua_isnil(L, AT_INPUT)) {
		if (lua_isnil(L, -1))
			return 1;
		lua_getfield(L, -1, "value");
		return 1;
	}
	if (!quantity_at(L, AT_INPUT, &input))
		return luaL_error(L, "rate_limit: %s is no number", lua_text_push_described(L, 2));
	if (!lua_isnil(L, -1)) {
		lua_getfield(L, -1, "value");
		quantity_compare(L, AT_INPUT, -1, "rate_limit: compares");
		lua_pop(L, 1);
		seconds = fmax(now - since, 0) / 1e6;
		value = fmin(input.number, value + seconds *
			     plain_option(L, lua_upvalueindex(OPTIONS), "rise", INFINITY));
		value = fmax(value, kept_number(L, "value") - seconds *
			     plain_option(L, lua_upvalueindex(OPTIONS), "fall", INFINITY));
	} else {
		value = input.number;
	}
	lua_createtable(L, 0, 2);
	quantity_push(L, value, input.unit);
	lua_setfield(L, -2, "value");
	quantity_push(L, now, QUANTITY_TIME);
	lua_setfield(L, -2, "at");
	keep(L);
	quantity_push(L, value, input.unit);
	return 1;
}

static void check_rate_limit(lua_State *L)
{
	double rise = plain_option(L, 1, "rise", INFINITY), fall = plain_option(L, 1, "fall", INFINITY);

	if (!(rise > 0) || !(fall > 0) || (isinf(rise) && isinf(fall)))
		luaL_error(L, "rate_limit \"%s\": rise or fall, by how much in a second, above zero",
			   own_name(L, 1));
}

/* -- at most so often ------------------------------------------------------------------- */

/* Whether something that is wished (true) may happen now: `count` times within `within`. */
static int call_at_most(lua_State *L)
{
	double now = now_usec(L), within;
	lua_Integer count, kept = 0, i;

	lua_settop(L, 2);
	if (!lua_toboolean(L, AT_INPUT)) {
		lua_pushboolean(L, false);
		return 1;
	}
	push_kept(L);
	within = plain_option(L, lua_upvalueindex(OPTIONS), "within", 0);
	count = (lua_Integer)plain_option(L, lua_upvalueindex(OPTIONS), "count", 1);
	lua_createtable(L, (int)count, 0);
	for (i = 1; lua_type(L, 3) == LUA_TTABLE && i <= count; i++) {
		struct quantity at;

		lua_rawgeti(L, 3, i);
		if (quantity_at(L, -1, &at) && now - at.number < within && at.number <= now)
			lua_rawseti(L, 4, ++kept);
		else
			lua_pop(L, 1);
	}
	lua_pushboolean(L, kept < count);
	if (kept < count) {
		quantity_push(L, now, QUANTITY_TIME);
		lua_rawseti(L, 4, kept + 1);
	}
	lua_pushvalue(L, 4);
	keep(L);
	return 1;
}

static void check_at_most(lua_State *L)
{
	double count;

	need_option(L, "at_most", "count");
	need_option(L, "at_most", "within");
	count = plain_option(L, 1, "count", 0);
	if (!(count >= 1 && count <= WINDOW_MAX) || count != floor(count))
		luaL_error(L, "at_most \"%s\": count is a whole number from 1 to %d", own_name(L, 1),
			   WINDOW_MAX);
}

/* -- moving average --------------------------------------------------------------------- */

/* Of the last samples. */
static int push_mean_of_last(lua_State *L, struct quantity input, lua_Integer last)
{
	lua_Integer count = lua_type(L, 3) == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, 3) : 0;
	lua_Integer i, first = count >= last ? count - last + 2 : 1, kept = 0;
	double sum = input.number;

	lua_createtable(L, (int)last, 0);
	for (i = first; i <= count; i++) {
		struct quantity old;

		lua_rawgeti(L, 3, i);
		quantity_compare(L, AT_INPUT, -1, "moving_average: takes together");
		quantity_at(L, -1, &old);
		sum += old.number;
		lua_rawseti(L, 4, ++kept);
	}
	lua_pushvalue(L, AT_INPUT);
	lua_rawseti(L, 4, ++kept);
	keep(L);
	quantity_push(L, sum / (double)kept, input.unit);
	return 1;
}

/* Older samples weigh less and less: by 1/e after `over`, however often there is a turn. */
static int push_mean_over(lua_State *L, struct quantity input, double over)
{
	double now = now_usec(L), value = kept_number(L, "value"), since = kept_number(L, "at");

	if (!isnan(value) && !isnan(since)) {
		lua_getfield(L, 3, "value");
		quantity_compare(L, AT_INPUT, -1, "moving_average: takes together");
		lua_pop(L, 1);
		value += (input.number - value) * (1 - exp(-fmax(now - since, 0) / over));
	} else {
		value = input.number;
	}
	lua_createtable(L, 0, 2);
	quantity_push(L, value, input.unit);
	lua_setfield(L, -2, "value");
	quantity_push(L, now, QUANTITY_TIME);
	lua_setfield(L, -2, "at");
	keep(L);
	quantity_push(L, value, input.unit);
	return 1;
}

/* nil in: the mean as it is; nil out where nothing was seen yet. */
static int push_last_mean(lua_State *L)
{
	struct quantity value, sum = { 0, QUANTITY_PLAIN };
	lua_Integer i, count;

	if (lua_type(L, 3) != LUA_TTABLE)
		return 1;
	lua_getfield(L, 3, "value");
	count = (lua_Integer)lua_rawlen(L, 3);
	if (!lua_isnil(L, -1) || count == 0)
		return 1;
	for (i = 1; i <= count; i++) {
		lua_rawgeti(L, 3, i);
		if (quantity_at(L, -1, &value))
			sum = (struct quantity){ sum.number + value.number, value.unit };
		lua_pop(L, 1);
	}
	quantity_push(L, sum.number / (double)count, sum.unit);
	return 1;
}

static int call_moving_average(lua_State *L)
{
	struct quantity input;
	double over = plain_option(L, lua_upvalueindex(OPTIONS), "over", 0);

	lua_settop(L, 2);
	push_kept(L);
	if (lua_isnil(L, AT_INPUT))
		return push_last_mean(L);
	if (!quantity_at(L, AT_INPUT, &input) || isnan(input.number) || isinf(input.number))
		return luaL_error(L, "moving_average: %s is no number to take a mean of",
				  lua_text_push_described(L, AT_INPUT));
	if (over > 0)
		return push_mean_over(L, input, over);
	return push_mean_of_last(L, input, (lua_Integer)
				 plain_option(L, lua_upvalueindex(OPTIONS), "last", 1));
}

static void check_moving_average(lua_State *L)
{
	struct quantity over = { 0, QUANTITY_PLAIN };
	double last = plain_option(L, 1, "last", 0);

	lua_getfield(L, 1, "over");
	quantity_at(L, -1, &over);
	lua_pop(L, 1);
	if (over.unit == QUANTITY_TIME && over.number > 0 && last == 0)
		return;
	if (over.number == 0 && last >= 2 && last <= WINDOW_MAX && last == floor(last))
		return;
	luaL_error(L, "moving_average \"%s\": over = a time, or last = 2 to %d samples",
		   own_name(L, 1), WINDOW_MAX);
}

/* -- the table -------------------------------------------------------------------------- */

static const char *const hysteresis_options[] = { "low", "high", NULL };
static const char *const aimd_options[] = { "add", "multiply", "least", "most", "first", NULL };
static const char *const rate_limit_options[] = { "rise", "fall", NULL };
static const char *const at_most_options[] = { "count", "within", NULL };
static const char *const moving_average_options[] = { "over", "last", NULL };

static const struct helper helpers[] = {
	{ "hysteresis", call_hysteresis, check_hysteresis, hysteresis_options },
	{ "aimd", call_aimd, check_aimd, aimd_options },
	{ "rate_limit", call_rate_limit, check_rate_limit, rate_limit_options },
	{ "at_most", call_at_most, check_at_most, at_most_options },
	{ "moving_average", call_moving_average, check_moving_average, moving_average_options },
};

/* Upvalue: which of them. */
static int make_helper(lua_State *L)
{
	const struct helper *helper = &helpers[lua_tointeger(L, lua_upvalueindex(1))];

	if (lua_sandbox_of(L)->frozen)
		return luaL_error(L, "%s is made once, when the file is loaded, and called in rules",
				  helper->name);
	if (lua_type(L, 1) != LUA_TTABLE)
		return luaL_error(L, "%s takes a table, as %s { \"name\", ... }", helper->name,
				  helper->name);
	lua_settop(L, 1);
	lua_rawgeti(L, 1, 1);
	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "%s: its name in the state comes first, as %s { \"name\", ... }",
				  helper->name, helper->name);
	check_option_names(L, helper);
	helper->check(L);
	lua_settop(L, 1);
	lua_pushcclosure(L, helper->call, 1);
	return 1;
}

void lua_helpers_open(lua_State *L)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(helpers); i++) {
		lua_pushinteger(L, (lua_Integer)i);
		lua_pushcclosure(L, make_helper, 1);
		lua_setfield(L, -2, helpers[i].name);
	}
}
