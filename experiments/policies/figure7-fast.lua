-- SPDX-License-Identifier: MIT
--
-- figure7-fast: figure 7 of the peacemaker paper with another clock, for experiments of seconds.
--
-- For whom:   experiments/peacemaker.lua, whose runs are too short for a load over 15 minutes.
-- What:       the rule of policies/figure7.lua and its steps of one nice, up to 15 and down to -15,
--             but each quarter of a second, and by the load since the turn before.
-- What not:   nothing for a host in use: it steps sixty times as fast as anybody should.

policy "figure7-fast"
interval (250 * ms)

-- Of all CPUs the share of time in which they were not idle; nil in the first turn.
local function load_of(host)
	local idle, count = 0, 0

	for _, cpu in ipairs(host.cpus) do
		local share = cpu:rate("idle_usec")
		if not share then
			return
		end
		idle, count = idle + number(share), count + 1
	end
	return count > 0 and 1 - idle / count
end

rule "one step of nice" {
	scope = "host",
	run = function(host, state, vms)
		local load = load_of(host)

		if not load then
			return
		end
		if load > 0.9 then
			local _, vm = vms:least("weight_relative")
			local nice = vm and vm:setting("cpu.nice")
			if nice and nice < 15 then
				vm:set("cpu.nice", nice + 1, "the CPUs were busier than 90 %")
			end
		elseif load < 0.1 then
			local _, vm = vms:most("weight_relative")
			local nice = vm and vm:setting("cpu.nice")
			if nice and nice > -15 then
				vm:set("cpu.nice", nice - 1, "the CPUs were idler than 10 %")
			end
		end
	end,
}
