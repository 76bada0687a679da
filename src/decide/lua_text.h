/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences for people, made from values in Lua. */
#ifndef DECIDE_LUA_TEXT_H
#define DECIDE_LUA_TEXT_H

#include <lua.h>

struct str;

/* Frees the str, memory errors or not. What it returns lives as long as it is on the stack. */
const char *lua_text_push(lua_State *L, struct str *str);
/* "nothing (nil)", "a table", "\"abc\"", as a string on the stack; no addresses, ever. */
const char *lua_text_push_described(lua_State *L, int at);
/* ": vm.pss_bytes is absent (not asked)" where this run read an absent figure, else "". Lives
 * on the stack as well. */
const char *lua_text_hint_absent(lua_State *L);
/* The text among the keys of one or two tables (0: none) that is nearest to a mistyped one, or
 * NULL. The same one each time. */
const char *lua_text_nearest(lua_State *L, const char *wrong, int first, int second);
/* A word that stands for itself in a sentence: printable, cut. */
void lua_text_append_token(struct str *str, const char *bytes, size_t size);

#endif
