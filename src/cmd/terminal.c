/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/terminal.h"

#include "base/cursor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is_output(void)
{
	return isatty(STDOUT_FILENO);
}

size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	struct cursor at;
	uint64_t number;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if (columns == NULL)
		return 0;
	at = cursor_over(columns, strlen(columns));
	return cursor_take_u64(&at, &number) && cursor_at_end(&at) && number < 10000 ? number : 0;
}
