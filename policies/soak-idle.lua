-- SPDX-License-Identifier: MIT
--
-- soak-idle: batch VMs use what nobody else wants, and nothing else.
--
-- For whom:   a host with spare hours: compilers, renderers, tests, scrubbing may run on it as long
--             as nobody notices.
-- What:       batch VMs run only when no other VM wants the CPU, have the least part of the disks'
--             time, and a ceiling on the network. They give way at once: the kernel decides it at
--             each switch, no turn of this policy is waited for. So that they can be told apart, the
--             other VMs have the usual 100 shares, and with that a cgroup each.
--             They do not starve: one that got next to nothing for a minute has five seconds with a
--             fifth of the usual weight. That keeps its clocks, leases and connections alive.
-- What not:   the host's own processes share the CPUs with all VMs together, as slices do: where those
--             are to go before batch, `truce set host host.vm_weight=20`. Memory is not taken from
--             batch (memory-pressure does that), and nothing is held back while it is idle: there is
--             no quota. Disk shares act where the host heeds them (iocost, bfq); where it does not,
--             the plan says so.
-- To adapt:   say below who is batch: names, cgroups, uuids, or <class>batch</class> in the libvirt
--             metadata. `patience` and `turn` are the guarantee, `ceiling` is the network's.

policy "soak-idle"
interval (1 * second)

class "batch" { name = { "*batch*", "*soak*" }, metadata = "batch" }
class "others" { any = true }

local patience = 60 * seconds
local turn     = 5 * seconds
local ceiling  = 200 * Mbit / second

intent "others" { cpu = { shares = 100 } }
intent "batch" {
	disk = { shares = 1 },
	net = { limit = ceiling },
}

-- Of the time that it wanted to run, the share in which others ran.
local starved = hysteresis { "starved", low = percent(90), high = percent(95) }

local function runs_idle(vm, why)
	local outcome = vm:outcome("cpu.idle")

	-- Kernels before 5.15 have no cpu.idle: the least weight is the next best thing.
	if outcome and outcome.status == "refused" then
		vm:release("cpu.idle", "this host has no cpu.idle")
		vm:set("cpu.shares", 1, why)
	else
		vm:release("cpu.shares", why)
		vm:set("cpu.idle", 1, why)
	end
end

rule "only what is left, but not nothing for ever" {
	on = { "birth", "tick" },
	class = "batch",
	run = function(vm, state)
		if not starved(state, vm.denied) then
			state.fed_at = now
		end
		state.fed_at = state.fed_at or now
		if state.turn_ends and now < state.turn_ends then
			return
		end
		if now - state.fed_at > patience then
			state.turn_ends = now + turn
			state.fed_at = state.turn_ends
			vm:release("cpu.idle", "it got next to nothing for " .. patience)
			vm:set("cpu.shares", 20, "it got next to nothing for " .. patience .. ": " .. turn .. " for it")
		else
			state.turn_ends = nil
			runs_idle(vm, "batch runs when nobody else wants the CPU")
		end
	end,
}
