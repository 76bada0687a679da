#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A box with systemd is a host whose VMs are scopes: they are made and changed over D-Bus, and
# the kernel's cgroups follow. The root can be written there, and forgets.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian package systemd)"
need_program dbus-daemon dbus-daemon
need_program systemd-run systemd

cat >"$scratch/in-the-box" <<'END'
set -e
cat /proc/1/comm
group=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
cat "$group/cpu.weight"
systemctl set-property --runtime vm1.scope CPUWeight=77 CPUQuota=40%
cat "$group/cpu.weight" "$group/cpu.max"
busctl get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/vm1_2escope \
	org.freedesktop.systemd1.Scope CPUWeight
echo written >/etc/truce-forgets
cat /etc/truce-forgets
exit 9
END

cd "$scratch" || exit 1
in_box 9 --systemd -- \
	systemd-run --quiet --scope --unit=vm1 -p CPUWeight=50 sh in-the-box
expect_equal "the answers" "systemd
50
77
40000 100000
t 77
written" "$(cat "$scratch/out")"
[ ! -e /etc/truce-forgets ] || fail "the box wrote on this machine's root"
