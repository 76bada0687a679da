-- SPDX-License-Identifier: MIT
--
-- disk-calm: the disks answer gold VMs quickly; the others take what is left of them.
--
-- For whom:   a host whose VMs share disks, where some (a database, a mail server) wait for each
--             answer, and others (backups, copies, batch) only want many bytes.
-- What:       gold VMs have ten times the usual part of the disks' time. When one of them waits for
--             I/O more than a fifth of the time, or a disk takes much longer for an answer than a
--             disk of its kind should while gold uses it, all others give way: their shares are
--             halved at each turn, down to a hundredth, where the host heeds I/O weights (iocost,
--             bfq, cfq); else they are limited to a part of what they moved, equally, halved at each
--             turn. They get it back in steps once gold was calm for half a minute.
-- What not:   a VM is not held back that moves less than 1 MB a second, and none is limited below
--             that. A disk that is slow by itself is not made fast. What gold reads from the page
--             cache costs nobody anything and is not counted.
-- Needs:      PSI of each VM, which cgroup v2 has. On v1 the disks' latency alone tells.
-- To adapt:   say below who is gold (libvirt metadata, names), and what an answer may take.

policy "disk-calm"
interval (2 * seconds)
needs { "pressure" }

class "gold" { name = "*gold*", metadata = "gold" }
class "bronze" { any = true }

intent "gold" { disk = { shares = 1000 } }

-- A disk that turns seeks for 10 ms and queues a few; flash answers within one, some stall at times.
local fine = { turns = 30 * ms, flash = 5 * ms }
local calm_for = 30 * seconds
local least = 1 * MB / second

local waits = hysteresis { "waits", low = percent(5), high = percent(20) }
local slow  = hysteresis { "slow", low = 1, high = 2 } -- of what is fine
local give  = aimd { "give", add = 10, multiply = 0.5, least = 1, most = 100 }

-- What the slowest disk takes for an answer, against what is fine for its kind.
local function worst_disk(host)
	local worst, whose, latency

	for _, disk in ipairs(host.disks) do
		local time, count = disk:growth("read_usec"), disk:growth("read_operations")
		local write_time, writes = disk:growth("write_usec"), disk:growth("write_operations")

		-- Of a handful of requests nothing is learnt.
		if time and count and write_time and writes and count + writes >= 20 then
			local each = (time + write_time) / (count + writes)
			local ratio = number(each / (disk.rotational == 1 and fine.turns or fine.flash))
			if not worst or ratio > worst then
				worst, whose, latency = ratio, disk.name, each
			end
		end
	end
	return worst, whose, latency
end

local function moved(vm)
	local read, written = vm:rate("disk_read"), vm:rate("disk_written")
	return read and written and read + written
end

local function total_of(vms)
	local sum, count = 0 * bytes / second, 0

	for _, vm in ipairs(vms) do
		local bytes_per_second = moved(vm)
		if bytes_per_second and bytes_per_second > least then
			sum, count = sum + bytes_per_second, count + 1
		end
	end
	return sum, count
end

local function heeds_weights(host)
	return host.io_arbiter and host.io_arbiter ~= "none"
end

-- By weight, or each its equal part of what they moved together when gold began to wait.
local function hold_back(host, state, bronze, part, why)
	local limit = state.moved and state.movers > 0 and
		max(state.moved * (part / 100) / state.movers, least)

	for _, vm in ipairs(bronze) do
		local uses = moved(vm)

		if heeds_weights(host) then
			vm:set("disk.shares", max(round(part, 1), 1), why)
		elseif limit and (vm:asked("disk.limit") or (uses and uses > least)) then
			vm:set("disk.limit", round(limit, 100 * kB / second), why)
		end
	end
end

rule "bronze gives way" {
	scope = "host",
	run = function(host, state, vms)
		local gold, bronze = vms:class("gold"), vms:class("bronze")
		local waited, whose = gold:most("psi_io_some", "rate")
		local ratio, disk, latency = worst_disk(host)
		local used = total_of(gold) > 0
		local waiting = waits(state, waited)
		local slowed = slow(state, ratio) and used
		local hurt = #gold > 0 and (waiting or slowed)
		local before = give(state, nil)
		local why = "gold's disks were calm for " .. calm_for

		if hurt then
			state.hurt_at = now
			why = waiting and whose and whose.name .. " waits for its disks " .. round(waited, percent(1)) .. " of the time"
				or disk and disk .. " takes " .. round(latency, 1 * ms) .. " for an answer"
				or "gold waits for its disks"
			if before >= 100 then
				state.moved, state.movers = total_of(bronze)
			end
		end

		local calm = not hurt and (not state.hurt_at or now - state.hurt_at > calm_for)
		local part = before
		if hurt or calm then
			part = give(state, not hurt)
		end
		if part < 100 then
			hold_back(host, state, bronze, part, why)
		else
			for _, vm in ipairs(bronze) do
				vm:release("disk.shares", why)
				vm:release("disk.limit", why)
			end
		end
	end,
}
