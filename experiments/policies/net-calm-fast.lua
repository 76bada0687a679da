-- SPDX-License-Identifier: MIT
--
-- net-calm-fast: policies/net-calm.lua for a link of 100 Mbit/s and runs of seconds.
--
-- For whom:   experiments/isolation-net-held.lua, whose VM1 is gold and whose other VMs are noisy.
-- What:       VM1 has half of the link for certain. While the link is nearly full the other VMs that
--             send more than 5 Mbit/s have a ceiling: an equal part of what they moved together, halved
--             at each turn (four a second), never below 10 Mbit/s. They get it back once there was room
--             for five seconds.
-- What not:   the classes are by these VMs' names, so that nobody else's VM is in them. What the VMs of
--             net-calm lose is not looked at: a guest's own queue is before its tap.

policy "net-calm-fast"
interval (250 * ms)

class "gold" { name = "isolation-net-held-vm1" }
class "bronze" { name = "isolation-net-held-vm*" }

local uplink    = 100 * Mbit / second
local guarantee = 50 * Mbit / second
local least     = 10 * Mbit / second
local noisy     = 5 * Mbit / second
local calm_for  = 5 * seconds

intent "gold" { net = { reserve = guarantee } }

local full = hysteresis { "full", low = percent(80), high = percent(92) }
local give = aimd { "give", add = 10, multiply = 0.5, least = 1, most = 100 }

-- The shared link is the bridge's port; it says no speed of its own.
local function load_of_link(host)
	for _, nic in ipairs(host.nics) do
		local sent, received = nic:rate("sent_bytes"), nic:rate("received_bytes")

		if nic.name == "uplink" and sent and received then
			return max(sent, received) / uplink
		end
	end
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
		local loud = the_noisy(vms:class("bronze"))
		local busy = load_of_link(host)
		local hurt = full(state, busy) and #loud > 0
		local before = give(state, nil)
		local why = "there was room for " .. calm_for

		if hurt then
			state.hurt_at = now
			if before >= 100 then
				state.moved = total_of(loud)
			end
			why = busy and "the link is " .. round(busy, percent(1)) .. " full" or "the link is full"
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
