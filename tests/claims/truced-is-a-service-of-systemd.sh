#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Under systemd, with its own unit's hardening: truced says when it is ready, its entries in journald
# have fields, a VM made there is under its intent through cgroup v2, a reload is told, kill -9
# brings a successor that resumes; and after a minute without one everything is given back.
. "$SOURCE_ROOT/tests/claims/lib.sh"

need_box
[ -x /lib/systemd/systemd ] || skip "needs systemd (Debian package systemd)"
[ -x "$BUILD_ROOT/src/daemon/truced" ] || skip "needs truced, which was not built"
[ -x "$TINY_VMM" ] || skip "needs the test VMM, which was not built"

cat >"$scratch/in-the-box" <<END
build=$BUILD_ROOT
tiny_vmm=$TINY_VMM
END
cat >>"$scratch/in-the-box" <<'END'
set -u
say() { echo "$*"; }
wait_for() { # SECONDS COMMAND...
	end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$end" ] || { say "late: $*"; return 1; }
		sleep 0.2
	done
}
mkdir -p /etc/truce/policies.d /run/systemd/system
printf '[truced]\nmode = enforce\n' >/etc/truce/truce.conf
printf 'policy "four"\nclass "four" { name = "*boxed*" }\nintent "four" { cpu = { shares = 400 } }\n' \
	>/etc/truce/policies.d/four.lua
for unit in truced.service truce-watchdog.service truce-watchdog.timer; do
	sed -e "s,^ExecStart=[^ ]*/truced,ExecStart=$build/src/daemon/truced," \
		-e "s,^\[Service\],[Service]\nEnvironment=TRUCE_LIBEXEC=$build/src/decide," \
		-e 's,^PrivateTmp=.*,PrivateTmp=no,' `# the build may lie in /tmp` \
		-e 's,^OnActiveSec=60s,OnActiveSec=10s,' -e 's,^AccuracySec=.*,AccuracySec=100ms,' \
		"$build/data/$unit" >"/run/systemd/system/$unit"
done
systemctl start systemd-journald.service
systemctl daemon-reload
systemctl start truced.service && say started
systemctl show -p ActiveState -p NotifyAccess -p StatusText truced.service
systemd-run --quiet --scope --unit=boxed "$tiny_vmm" run --vms 1 --name boxed --for 300 >/dev/null 2>&1 &
journal() { journalctl --sync && journalctl -o "$1" -u truced.service -u truce-watchdog.service; }
weighs() { grep -rqsx "$1" /sys/fs/cgroup/system.slice/boxed.scope/cpu.weight /sys/fs/cgroup/truce/*/cpu.weight; }
wait_for 60 weighs 400 && say weighs 400
has_fields() { journal json | grep '"TRUCE_POLICY":"four"' | grep '"TRUCE_SETTING":"cpu.weight"'; }
wait_for 20 has_fields && say fields
journal cat | grep -q 'set .*boxed-0 (four) cpu.weight .*400 for' && say told
systemctl reload truced.service && systemctl is-active truced.service
systemctl kill -s KILL truced.service
resumed() { journal cat | grep 'are taken over'; }
wait_for 30 resumed && say resumed
weighs 400 && say weighs 400 still
systemctl is-active truce-watchdog.timer
systemctl stop truced.service
weighs 400 && say weighs 400 stopped
given_back() { journal cat | grep 'were given back'; }
wait_for 40 given_back && say given back
weighs 400 || say weighs no more
journal cat >&2
END

cd "$scratch" || exit 1
in_box 0 --timeout 500s --kvm --systemd -- sh in-the-box
expect_equal "what happened" "started
NotifyAccess=main
StatusText=enforce, 1 policies
ActiveState=active
weighs 400
fields
told
active
resumed
weighs 400 still
inactive
weighs 400 stopped
given back
weighs no more" "$(cat "$scratch/out")"
