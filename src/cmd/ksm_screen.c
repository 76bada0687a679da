/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ksm_screen.h"

#include "cmd/top_terminal.h"
#include "report/screen.h"

#include <string.h>

void ksm_screen_paint(char *text, size_t heading)
{
	size_t width, height, number = 0;
	struct screen screen;
	char *line;

	top_terminal_size(&width, &height);
	screen_init(&screen);
	screen_clear(&screen, width, height);
	while (text != NULL && screen_room(&screen) > 0 && (line = strsep(&text, "\n")) != NULL)
		line_put(screen_line(&screen), number++ == heading ? STYLE_HEADING : STYLE_PLAIN, line);
	top_terminal_paint(&screen);
	screen_done(&screen);
}
