/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of Lua's own library that policies get. Where Lua's functions depend on addresses,
 * on chance or on the order of a hash, these stand in: pairs goes by numbers, then by texts;
 * sort is stable; tostring and format show no address.
 */
#ifndef DECIDE_LUA_LIBRARY_H
#define DECIDE_LUA_LIBRARY_H

#include <lua.h>

/* Into the table on top of the stack; the metatable of strings is set as well. */
void lua_library_open(lua_State *L);

#endif
