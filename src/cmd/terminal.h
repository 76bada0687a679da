/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the terminal that standard output goes to. */
#ifndef CMD_TERMINAL_H
#define CMD_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

bool terminal_is_output(void);
/* Columns of the terminal, else of $COLUMNS, else 0: not known, so nothing is cut. */
size_t terminal_width(void);

#endif
