/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/top_terminal.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "report/screen.h"
#include "report/top_state.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>

/* term.h has these as macros for capabilities. */
#undef columns
#undef lines

/* Everything that a signal handler needs stands ready before it is installed. */
static struct {
	SCREEN *screen;
	bool utf8, open;
	attr_t attributes[STYLE_COUNT];
	int epoll_fd, resized[2];
	struct termios saved;
	char farewell[256]; /* what brings the terminal back to its usual state */
	size_t farewell_size;
} terminal = { .epoll_fd = -1, .resized = { -1, -1 } };

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static int farewell_put(int c)
{
	if (terminal.farewell_size < sizeof terminal.farewell)
		terminal.farewell[terminal.farewell_size++] = (char)c;
	return c;
}

/* What the terminal is sent for it, or NULL. */
static const char *capability_bytes(const char *capability)
{
	const char *bytes = tigetstr(capability);

	return bytes != (const char *)-1 ? bytes : NULL;
}

static void farewell_add(const char *capability)
{
	const char *bytes = capability_bytes(capability);

	if (bytes != NULL)
		tputs(bytes, 1, farewell_put);
}

/* Only what is allowed in a signal handler; curses is not. */
static void handle_fatal(int number)
{
	if (terminal.open) {
		if (write(STDOUT_FILENO, terminal.farewell, terminal.farewell_size) < 0) {
			/* The terminal is gone, and with it the need. */
		}
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.saved);
	}
	raise(number); /* the default action: SA_RESETHAND */
}

static void handle_resize(int number)
{
	int saved = errno;

	if (write(terminal.resized[1], "", 1) < 0) {
		/* The pipe is full: it is readable already. */
	}
	errno = saved;
}

static void catch_signals(void)
{
	struct sigaction fatal = { .sa_handler = handle_fatal,
				   .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	struct sigaction resize = { .sa_handler = handle_resize, .sa_flags = SA_RESTART };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &fatal, NULL);
	sigaction(SIGWINCH, &resize, NULL);
}

static void release_signals(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal(fatal_signals[i], SIG_DFL);
	signal(SIGWINCH, SIG_DFL);
}

/* Keys and sizes behind one descriptor. */
static int open_descriptors(struct error *err)
{
	struct epoll_event readable = { .events = EPOLLIN };

	terminal.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (terminal.epoll_fd < 0 || pipe2(terminal.resized, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_errno(err, -errno, "cannot make descriptors for the keyboard");
	epoll_ctl(terminal.epoll_fd, EPOLL_CTL_ADD, terminal.resized[0], &readable);
	epoll_ctl(terminal.epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &readable);
	return 0;
}

static void choose_attributes(void)
{
	const char *no_color = getenv("NO_COLOR");
	attr_t *attributes = terminal.attributes;

	attributes[STYLE_STRONG] = A_BOLD;
	attributes[STYLE_WARNING] = A_BOLD;
	attributes[STYLE_BAD] = A_BOLD | A_UNDERLINE;
	attributes[STYLE_HEADING] = A_REVERSE;
	attributes[STYLE_SORTED] = A_REVERSE | A_BOLD;
	attributes[STYLE_SELECTED] = A_REVERSE | A_BOLD;
	if ((no_color != NULL && *no_color != '\0') || !has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	init_pair(1, COLOR_GREEN, -1);
	init_pair(2, COLOR_YELLOW, -1);
	init_pair(3, COLOR_RED, -1);
	init_pair(4, COLOR_BLACK, COLOR_GREEN);
	init_pair(5, COLOR_BLACK, COLOR_CYAN);
	attributes[STYLE_GOOD] = COLOR_PAIR(1);
	attributes[STYLE_WARNING] = COLOR_PAIR(2);
	attributes[STYLE_BAD] = COLOR_PAIR(3) | A_BOLD;
	attributes[STYLE_HEADING] = COLOR_PAIR(4);
	attributes[STYLE_SORTED] = COLOR_PAIR(5) | A_BOLD;
	attributes[STYLE_SELECTED] = COLOR_PAIR(5);
}

int top_terminal_open(struct error *err)
{
	const char *type = getenv("TERM");
	int r;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &terminal.saved) < 0)
		return error_set(err, -ENOTTY,
				 "the live view needs a terminal; --batch N prints to anything");
	terminal.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	r = open_descriptors(err);
	if (r < 0)
		return r;
	catch_signals();
	terminal.screen = newterm(NULL, stdout, stdin);
	if (terminal.screen == NULL) {
		release_signals();
		return error_set(err, -ENOTTY, "the terminal type \"%.40s\" is not known; "
				 "set TERM, or use --batch N", type != NULL ? type : "");
	}
	if (capability_bytes("cup") == NULL) {
		delscreen(terminal.screen);
		release_signals();
		return error_set(err, -ENOTTY, "a terminal of type \"%.40s\" cannot move its cursor; "
				 "set TERM, or use --batch N", type != NULL ? type : "");
	}
	farewell_add("sgr0");
	farewell_add("rmcup");
	farewell_add("cnorm");
	farewell_add("rmkx");
	terminal.open = true;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	/* An Escape that stands alone is known to be one after that many ms. */
	set_escdelay(25);
	curs_set(0);
	choose_attributes();
	return 0;
}

void top_terminal_close(void)
{
	if (terminal.open) {
		/* Where the screen stays, the shell's prompt has a line of its own. */
		move(LINES - 1, 0);
		clrtoeol();
		refresh();
		endwin();
		delscreen(terminal.screen);
		terminal.open = false;
		release_signals();
	}
	cleanup_close(&terminal.epoll_fd);
	cleanup_close(&terminal.resized[0]);
	cleanup_close(&terminal.resized[1]);
	terminal.epoll_fd = terminal.resized[0] = terminal.resized[1] = -1;
}

int top_terminal_fd(void)
{
	return terminal.epoll_fd;
}

static void take_new_size(void)
{
	struct winsize size;
	char bytes[64];

	if (read(terminal.resized[0], bytes, sizeof bytes) <= 0)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
}

void top_terminal_size(size_t *ret_width, size_t *ret_height)
{
	take_new_size();
	*ret_width = (size_t)COLS;
	*ret_height = (size_t)LINES;
}

/* In a locale of bytes, what is not ASCII becomes "?", one for each column that it took. */
static void put_ascii(const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		unsigned character;
		size_t length = text_decode_utf8(bytes + at, size - at, &character);

		addch(length == 1 ? (unsigned char)bytes[at] : '?');
		at += length != 0 ? length : 1;
	}
}

static void paint_line(const struct line *line)
{
	size_t at = 0, i;

	for (i = 0; i < line->span_count; i++) {
		size_t size = line->spans[i].end - at;

		attrset(terminal.attributes[line->spans[i].style]);
		if (terminal.utf8)
			addnstr(line->text.data + at, (int)size);
		else
			put_ascii(line->text.data + at, size);
		at = line->spans[i].end;
	}
	attrset(A_NORMAL);
}

void top_terminal_paint(const struct screen *screen)
{
	size_t i;

	erase();
	for (i = 0; i < screen->line_count; i++) {
		move((int)i, 0);
		paint_line(&screen->lines[i]);
	}
	refresh();
}

static int function_key(wint_t code)
{
	static const struct {
		wint_t curses;
		int top;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP }, { KEY_DOWN, TOP_KEY_DOWN }, { KEY_LEFT, TOP_KEY_LEFT },
		{ KEY_RIGHT, TOP_KEY_RIGHT }, { KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN }, { KEY_HOME, TOP_KEY_HOME }, { KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER }, { KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ KEY_F(1), TOP_KEY_F1 }, { KEY_F(4), TOP_KEY_F4 }, { KEY_F(6), TOP_KEY_F6 },
		{ KEY_F(10), TOP_KEY_F10 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == code)
			return keys[i].top;
	return 0;
}

int top_terminal_key(void)
{
	wint_t code;

	switch (get_wch(&code)) {
	case KEY_CODE_YES:
		return function_key(code);
	case OK:
		break;
	default:
		return TOP_KEY_NONE;
	}
	switch (code) {
	case '\r':
	case '\n':
		return TOP_KEY_ENTER;
	case 27:
		return TOP_KEY_ESCAPE;
	case '\b':
	case 127:
		return TOP_KEY_BACKSPACE;
	case 'L' & 0x1f:
		clearok(curscr, TRUE);
		return 0;
	default:
		return code < TOP_KEY_NONE ? (int)code : 0;
	}
}

bool top_terminal_is_gone(void)
{
	struct pollfd end = { .fd = STDIN_FILENO };

	return poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}
