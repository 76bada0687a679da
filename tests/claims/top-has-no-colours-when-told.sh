#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/terminal.sh
. "$SOURCE_ROOT/tests/terminal.sh"

"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/night" 3 30 || fail "no recording was made"
escape=$(printf '\033')

coloured() { terminal_tmux capture-pane -p -e | grep -Eq "${escape}\[([0-9;]*;)?[34][0-7]m"; }

terminal_open 80 24 "$TRUCE top --replay $scratch/night"
terminal_shows '^q quit'
coloured || fail "no colours on a terminal that has them"
terminal_press q
terminal_is_given_back "with colours"

terminal_press "clear; NO_COLOR=1 $TRUCE top --replay $scratch/night" Enter
terminal_shows '^q quit'
coloured && fail "colours in spite of NO_COLOR"
terminal_press q
terminal_is_given_back "without colours"

# A terminal without colours and without cursor keys' own mode, in a locale of bytes.
terminal_press "clear; TERM=vt100 LC_ALL=C $TRUCE top --replay $scratch/night" Enter
terminal_shows '^q quit'
coloured && fail "colours on a vt100"
terminal_press q
terminal_is_given_back "on a vt100"

terminal_press "clear; TERM=no-such-terminal $TRUCE top --replay $scratch/night; echo \"status \"\$?" Enter
terminal_shows '^status 1'
terminal_shows 'type "no-such-terminal" is not known'
