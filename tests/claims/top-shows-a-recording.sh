#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/terminal.sh
. "$SOURCE_ROOT/tests/terminal.sh"

"$BUILD_ROOT/src/cmd/synthetic_recording" "$scratch/night" 40 120 || fail "no recording was made"
terminal_open 80 24 "$TRUCE top --interval 200ms --replay $scratch/night"

# It stands still at its beginning, and there are 16 lines for VMs.
terminal_shows '12:00:02.* stopped'
terminal_is_line 1 '40 VMs, 60 vCPUs on 4 CPUs'
terminal_is_line 2 '^hurt'
terminal_is_line 7 '^NAME +CPU% +WAIT%'
terminal_is_line 8 '^vm0'
terminal_is_line 23 '^vm0'
terminal_is_line 24 '^q quit'

# A step, and a step back.
terminal_press Right Right
terminal_shows '12:00:04.* stopped'
terminal_press Left
terminal_shows '12:00:03.* stopped'

# To a time; the VM that is born in between is there, by name.
terminal_press g '12:01:30' Enter
terminal_shows '^2026-03-01 12:01:(29|30).*40 VMs'
terminal_press / vm040 Enter
terminal_shows '^vm040'
terminal_shows '^filter vm040'
terminal_press Escape
terminal_shows '^vm00'

# One VM with its threads, and back.
terminal_press N Down Enter
terminal_shows '^vm... +id [0-9]+-[0-9]+-0'
terminal_shows '^vcpu +0'
terminal_press Escape
terminal_shows '^NAME'

# Other columns, another order, help.
terminal_press c
terminal_shows '^NAME +RSS +SWAP'
terminal_press c
terminal_shows '^NAME +READ/S'
terminal_press '?'
terminal_shows '^truce top: every VM'
terminal_press q
terminal_shows '^NAME +READ/S'

# The window grows and shrinks.
terminal_resize 132 50
terminal_shows 'RDOPS/S +WROPS/S +DROPS/S'
terminal_resize 40 10
terminal_shows '^NAME +READ/S +WRITE/S'
terminal_resize 80 24
terminal_shows '^q quit'

# It plays to its end and stops there.
terminal_press g 12:01:58 Enter Space
terminal_shows 'playing'
terminal_shows '^2026-03-01 12:02:0[01].* stopped'
terminal_press End PageUp Home q
terminal_is_given_back "after q"
