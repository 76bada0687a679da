#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# truced turns weights, nice, quotas and affinities of 20 VMs all the time, and is killed, or its
# policy's process is, 200 times at random moments. After the next start every knob is what the policy
# wants and the journal says; what is given back is as it was, thread by thread.
# TRUCE_KILLS and TRUCE_KILL_CHECKS say how often; TRUCE_SEED repeats one run's moments.
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"
# shellcheck source=tests/truced.sh
. "$SOURCE_ROOT/tests/truced.sh"

truced_conf '[truced]' 'mode = enforce' 'interval = 100ms' 'budget = 0%' \
	'[limits]' 'changes-per-minute = 1000000' 'vm-interval = 1ms' 'hysteresis = 0%'
cat >"$TRUCE_CONF_DIR/policies.d/restless.lua" <<END
policy "restless"
interval (100 * ms)
class "all" { name = "*$vms-*" }

rule "never the same" {
	scope = "host",
	run = function(host, state, vms)
		local still = #vms:where(function(vm) return string.find(vm.name, "still", 1, true) end) > 0
		local turn = (state.turn or 0) + 1
		local place = 0

		state.turn = turn
		for _, vm in ipairs(vms:class("all")) do
			if not string.find(vm.name, "still", 1, true) then
				local pair, step = place % 4, turn + place
				local off = not still and step % 5 == 0
				local function turn_it(setting, wanted, other)
					if off then
						vm:release(setting, "released for a change")
					elseif still then
						vm:set(setting, wanted, "what is wanted")
					else
						vm:set(setting, other, "something else")
					end
				end

				if pair == 0 or pair == 2 then
					turn_it("cpu.weight", 300, 100 + step % 7 * 50)
				else
					turn_it("cpu.nice", 5, 1 + step % 9)
				end
				if pair == 0 or pair == 3 then
					turn_it("cpu.quota", 0.5 * cpu, (1 + step % 4) * 0.1 * cpu)
				else
					turn_it("cpu.affinity", "0", step % 2 == 0 and "0" or "0-" .. host.cpu_count - 1)
				end
				place = place + 1
			end
		end
	end,
}
END

vm_start 20
export TRUCED VMS="$vms" SCRATCH="$scratch"
# shellcheck disable=SC2086
"$SOURCE_ROOT/tests/claims/kill_truced.py" "${TRUCE_KILLS:-200}" "${TRUCE_KILL_CHECKS:-8}" \
	$(printf '%s\n' $vm_pids | sort -n) >"$scratch/out" 2>"$scratch/err" ||
	fail "$(cat "$scratch/out" "$scratch/err"); truced said at the end: $(tail -n 5 "$scratch/log")"
[ ! -e "$TRUCE_RUN_DIR/journal.damaged" ] || fail "a journal was damaged"
# It is set while a VM is moved, and another truced may be moving one now.
not_hurried() { [ ! -r /sys/kernel/rcu_expedited ] || [ "$(cat /sys/kernel/rcu_expedited)" = 0 ]; }
poll_until 30 not_hurried || fail "the kernel is left hurried (/sys/kernel/rcu_expedited)"
cat "$scratch/out"
