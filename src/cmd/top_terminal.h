/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal under the live view: paints a screen, gives keys. It is given back as it was, by
 * top_terminal_close and also when the program dies by a fault of its own. One at a time.
 */
#ifndef CMD_TOP_TERMINAL_H
#define CMD_TOP_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct screen;

/* Colours unless NO_COLOR is set or the terminal has none. */
int top_terminal_open(struct error *err);
void top_terminal_close(void);
/* Readable when there is a key, or another size. */
int top_terminal_fd(void);
void top_terminal_size(size_t *ret_width, size_t *ret_height);
void top_terminal_paint(const struct screen *screen);
/* A character or an enum top_key_code; TOP_KEY_NONE when there is none now. */
int top_terminal_key(void);
/* The other end of the terminal has gone: no key will come any more. */
bool top_terminal_is_gone(void);

#endif
