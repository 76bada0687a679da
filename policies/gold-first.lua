-- SPDX-License-Identifier: MIT
--
-- gold-first: gold VMs do not wait, the others get all that gold leaves.
--
-- For whom:   a host where a few VMs answer somebody (a database, a web shop) and the others are
--             batch, tests, spare: they may be slow, but are to get every cycle that is left.
-- What:       gold VMs have ten times the usual weight, and a short slice: where the kernel has it
--             (6.12), one that wakes need not wait for the end of another's. When one of them is
--             denied the CPU for more than a twentieth of the time that it wants it, all others
--             give way: their weight falls to a third at each tick, down to a hundredth; when that
--             does not help, they run only when nobody else wants the CPU, and gold's weight rises,
--             as that of all VMs together does against the host's other processes: at the utmost
--             to a hundred times theirs, which leaves them a hundredth of a CPU that VMs want all
--             of; "host_keeps" below says how much it is to be. It is given back step by step once
--             gold was not denied for half a minute.
--             Nobody is held back by a quota: the CPUs are never idle while somebody wants them.
-- What not:   it does not make room for gold beyond the CPUs there are: several gold VMs that all
--             want everything share it equally. Memory, disk and network are not touched.
-- To adapt:   say below who is gold: names, cgroups, uuids, or <class>gold</class> in the libvirt
--             metadata of the domain (virsh metadata DOMAIN urn:truce:policy --key truce
--             --set '<class>gold</class>').

policy "gold-first"
interval (1 * second)

class "gold" { name = "*gold*", metadata = "gold" }
class "bronze" { any = true }

intent "gold" { cpu = { shares = 1000 }, ["cpu.slice"] = 0.1 * ms }

-- Of the time that it wanted to run, the share in which others ran.
local denied = hysteresis { "denied", low = percent(2), high = percent(5) }
local bronze = aimd { "bronze", add = 1, multiply = 0.3, least = 1, most = 100 }
local gold   = aimd { "gold", add = 3000, multiply = 0.95, least = 1000, most = 10000, first = 1000 }
local host_keeps = 1 -- per cent of a CPU, for what runs there and is no VM
local calm   = 30 * seconds -- before anything is given back: each try may hurt gold once

local function yes_no_or_as_it_was(yes, no)
	if yes then
		return true
	elseif no then
		return false
	end
end

rule "bronze gives way, gold rises" {
	scope = "host",
	run = function(host, state, vms)
		local worst, whose = vms:class("gold"):most("denied")
		local hurt = denied(state, worst)
		local calmed = not hurt and (not state.hurt_at or now - state.hurt_at > calm)
		local shares = bronze(state, yes_no_or_as_it_was(calmed, hurt))
		local rise = gold(state, yes_no_or_as_it_was(hurt and shares <= 10, calmed))
		local why = "nobody gold was denied the CPU for " .. calm

		if hurt then
			state.hurt_at = now
			why = whose and whose.name .. " is denied the CPU for " .. worst .. " of the time it wants it"
				or "gold was denied the CPU"
		end
		-- What weights alone did not mend.
		state.idle = shares <= 1 or (state.idle and shares < 25) or false
		for _, vm in ipairs(vms:class("bronze")) do
			if state.idle then -- a weight means nothing then
				vm:set("cpu.idle", 1, why)
			else
				vm:release("cpu.idle", why)
				if shares < 100 then
					vm:set("cpu.shares", max(round(shares, 1), 1), why)
				else
					vm:release("cpu.shares", why)
				end
			end
		end
		for _, vm in ipairs(vms:class("gold")) do
			if rise > 1000 then
				vm:set("cpu.shares", round(rise, 100), why)
			else
				vm:release("cpu.shares", why)
			end
		end
		-- A VM's weight counts among VMs. Against others it is that of all of them.
		if rise > 1000 then
			host:set("host.vm_weight", min(round(rise, 100), 10000 / host_keeps), why)
		else
			host:release("host.vm_weight", why)
		end
	end,
}
