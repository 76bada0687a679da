# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For claims about the live view: a terminal of its own, made by tmux. Sourced behind lib.sh.

need_program tmux tmux
export LC_ALL=C.UTF-8 TZ=UTC
terminal_socket=$scratch/tmux
terminal_tmux() { tmux -f /dev/null -S "$terminal_socket" "$@"; }
at_exit 'terminal_tmux kill-server 2>/dev/null'

# terminal_open WIDTH HEIGHT COMMAND...: the command runs in a shell that stays when it ends.
terminal_open() {
	terminal_width=$1 terminal_height=$2
	shift 2
	terminal_tmux new-session -d -x "$terminal_width" -y "$terminal_height" \
		"env PS1='prompt: ' sh -i" || skip "tmux cannot make a terminal here"
	terminal_tmux send-keys -l "$*"
	terminal_tmux send-keys Enter
}

# terminal_press KEY...: as tmux names them; a word is typed.
terminal_press() { terminal_tmux send-keys "$@"; }

terminal_resize() { terminal_tmux resize-window -x "$1" -y "$2"; }

terminal_text() { terminal_tmux capture-pane -p; }

terminal_has() { terminal_text | grep -Eq -- "$1"; }

# terminal_shows PATTERN: within five seconds some line of the screen matches it.
terminal_shows() {
	poll_until 5 terminal_has "$1" || {
		terminal_text >&2
		fail "the screen does not show '$1'"
	}
}

# terminal_is_line NUMBER PATTERN
terminal_is_line() {
	terminal_text | sed -n "$1p" | grep -Eq -- "$2" || {
		terminal_text >&2
		fail "line $1 of the screen is not '$2'"
	}
}

# A key that comes too early goes to the program that is about to end, so it is pressed again.
terminal_prompts() {
	terminal_press Enter
	terminal_has 'prompt: *$'
}

# The shell is back, reads lines, and shows what is typed.
terminal_is_given_back() {
	poll_until 5 terminal_prompts || { terminal_text >&2; fail "$1: no prompt"; }
	terminal_press "stty -a | grep -Eqw -- '-icanon|-echo' || echo \"terminal is \"usual" Enter
	poll_until 5 terminal_has 'terminal is usual$' ||
		{ terminal_text >&2; fail "$1: the terminal's settings have not come back"; }
}
