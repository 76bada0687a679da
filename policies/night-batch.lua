-- SPDX-License-Identifier: MIT
--
-- night-batch: batch VMs get a lot at night and little by day.
--
-- For whom:   a host that serves people by day, and has nights for backups, reports, builds.
-- What:       by day a batch VM has a tenth of the usual part of CPU and disks, at night four times
--             the usual. Within an hour in the evening it rises in steps, and within an hour in
--             the morning it falls, each step the same ratio: nobody's work breaks off at the hour.
--             The other VMs have the usual 100 shares, against which that counts.
-- What not:   nobody is held back while there is room: no limits, by day either. It does not know
--             weekends and holidays. It looks at the clock alone: that somebody waits at night
--             is gold-first's and disk-calm's business.
-- Time:       the snapshot's, in UTC, without summer time. Where the host's midnight is not UTC's,
--             say `east`: 1 * hour in Paris in winter, -5 * hours in New York.
-- To adapt:   say below who is batch: names, cgroups, uuids, or <class>batch</class> in the libvirt
--             metadata. `dusk` is when the rise begins, `dawn` when the fall does.

policy "night-batch"
interval (1 * minute)

class "batch" { name = "*batch*", metadata = "batch" }
class "others" { any = true }

intent "others" { cpu = { shares = 100 } }

local east = 0 * hours
local dusk = 21 * hours
local dawn = 5 * hours
local ramp = 1 * hour
local by_day, at_night = 10, 400
local steps = 12 -- of a ramp: one each five minutes

-- How long ago it was `hour` last: a day is a circle.
local function since(time, hour)
	local passed = time - hour
	while passed < 0 do
		passed = passed + 1 * day
	end
	while passed >= 1 * day do
		passed = passed - 1 * day
	end
	return passed
end

-- 0 by day, 1 at night, in steps between them.
local function night(time)
	local evening = since(time, dusk) < since(time, dawn)
	local passed = number(since(time, evening and dusk or dawn) / ramp)
	local part = min(math.floor(passed * steps + 0.01), steps) / steps

	return evening and part or 1 - part
end

rule "nights are for batch" {
	on = { "birth", "tick" },
	class = "batch",
	run = function(vm, state, host)
		local part = night(host.time_of_day + east)
		local shares = round(by_day * (at_night / by_day) ^ part, 1)
		local why = part <= 0 and "it is day" or part >= 1 and "it is night"
			or "between day and night"

		vm:set("cpu.shares", shares, why)
		vm:set("disk.shares", shares, why)
	end,
}
