-- SPDX-License-Identifier: MIT
--
-- figure7: the example policy of the paper that described Truce's adjustment, in Lua. It asks for
-- the same as figure7.c, which has it as printed.
--
-- For whom:   one host whose VMs are all worth the same, where nobody wants to decide by hand.
-- What:       while the CPUs were busier than 90 % over the last 15 minutes, the VM with the
--             lowest priority gets one step of nice more, up to 15; while they were idler than
--             10 %, the VM with the highest priority gets one step less, down to -15.
-- What not:   it knows no classes and looks at no VM's waiting. Over 15 minutes it is slow on
--             purpose. gold-first reacts to harm.
--
-- The load is the physical CPUs' utilisation in whole per cent. The lowest priority is the
-- smallest weight where it arbitrates; of equals it is the VM with the lowest identity. All that
-- is read is the snapshot's: a step shows in it once it was taken.

policy "figure7"
interval (5 * seconds)

rule "one step of nice" {
	scope = "host",
	run = function(host, state, vms)
		local utilisation = host.utilisation_15min
		if not utilisation then
			return
		end
		local load = round(utilisation, percent(1))

		if load > percent(90) then
			local _, vm = vms:least("weight_relative")
			local nice = vm and vm:setting("cpu.nice")
			if nice and nice < 15 then
				vm:set("cpu.nice", nice + 1, "the CPUs were busier than 90 % over 15 minutes")
			end
		elseif load < percent(10) then
			local _, vm = vms:most("weight_relative")
			local nice = vm and vm:setting("cpu.nice")
			if nice and nice > -15 then
				vm:set("cpu.nice", nice - 1, "the CPUs were idler than 10 % over 15 minutes")
			end
		end
	end,
}
