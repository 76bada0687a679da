/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of safe text on the terminal of cmd/top_terminal.h, as many as it has room for. */
#ifndef CMD_KSM_SCREEN_H
#define CMD_KSM_SCREEN_H

#include <stddef.h>

/* `text` is taken apart; line `heading` (from 0) stands out. NULL: nothing. */
void ksm_screen_paint(char *text, size_t heading);

#endif
