-- SPDX-License-Identifier: MIT
--
-- net-calm: gold VMs reach the network whatever the others send.
--
-- For whom:   a host whose VMs share an uplink, where some serve somebody, and others copy.
-- What:       gold VMs have a guarantee each. When the uplink is nearly full, or packets of gold VMs
--             are dropped, the noisy ones of the others (who send or receive more than 50 Mbit
--             a second) get a ceiling: an equal part of what they moved together, less by a fifth at
--             each turn, never below 10 Mbit a second. They get it back in steps once there was room
--             for half a minute.
-- What not:   VMs that are quiet are not touched. What reaches the host is dropped after the uplink
--             carried it: only its sender can send less, which TCP does. Taps that belong to Open
--             vSwitch, macvtap and devices of a guest's own cannot be shaped from here.
--             A line whose speed is not known (virtual ones do not say) is never taken for full.
-- To adapt:   `uplink`, where the provider gives less than the line carries, or it does not say:
--             5 * Gbit / second. `guarantee` times the number of gold VMs should be less than that.
--             Say who is gold (libvirt metadata, names).

policy "net-calm"
interval (2 * seconds)

class "gold" { name = "*gold*", metadata = "gold" }
class "bronze" { any = true }

local uplink    = nil -- else what each NIC says of its line
local guarantee = 100 * Mbit / second
local least     = 10 * Mbit / second
local noisy     = 50 * Mbit / second
local calm_for  = 30 * seconds

intent "gold" { net = { reserve = guarantee } }

local full  = hysteresis { "full", low = percent(80), high = percent(92) }
local drops = hysteresis { "drops", low = 2 / second, high = 20 / second }
local give  = aimd { "give", add = 10, multiply = 0.8, least = 1, most = 100 }

-- How full the fullest line is, in its busier direction. A bridge carries what its ports do.
local function fullest(host)
	local worst, whose

	for _, nic in ipairs(host.nics) do
		local sent, received = nic:rate("sent_bytes"), nic:rate("received_bytes")
		local carries = uplink or nic.speed_mbit and nic.speed_mbit * Mbit / second

		if sent and received and carries and nic.name ~= "lo" then
			local busy = max(sent, received) / carries
			if not worst or busy > worst then
				worst, whose = busy, nic.name
			end
		end
	end
	return worst, whose
end

local function talks(vm)
	local sent, received = vm:rate("net_sent"), vm:rate("net_received")
	return sent and received and max(sent, received)
end

local function total_of(vms)
	local sum = 0 * bytes / second

	for _, vm in ipairs(vms) do
		sum = sum + (talks(vm) or 0 * bytes / second)
	end
	return sum
end

-- Those who are held back already, and those who are noisy.
local function the_noisy(vms)
	return vms:where(function(vm)
		local rate = talks(vm)
		return vm:asked("net.limit") or (rate and rate > noisy)
	end)
end

rule "the noisy get a ceiling" {
	scope = "host",
	run = function(host, state, vms)
		local gold, bronze = vms:class("gold"), vms:class("bronze")
		local loud = the_noisy(bronze)
		local busy, line = fullest(host)
		local lost, whose = gold:most("net_drops", "rate")
		local crowded, losing = full(state, busy), drops(state, lost) and #gold > 0
		local hurt = (crowded or losing) and #loud > 0
		local before = give(state, nil)
		local why = "there was room for " .. calm_for

		if hurt then
			state.hurt_at = now
			if before >= 100 then
				state.moved = total_of(loud)
			end
			why = losing and whose and whose.name .. " loses " .. round(lost, 1 / second) .. " packets"
				or line and line .. " is " .. round(busy, percent(1)) .. " full"
				or "the uplink is full"
		end

		local calm = not hurt and (not state.hurt_at or now - state.hurt_at > calm_for)
		local part = before
		if hurt or calm then
			part = give(state, not hurt)
		end
		for _, vm in ipairs(loud) do
			if part >= 100 or not state.moved then
				vm:release("net.limit", why)
			else
				local ceiling = max(state.moved * (part / 100) / #loud, least)
				vm:set("net.limit", round(ceiling, 1 * Mbit / second), why)
			end
		end
	end,
}
