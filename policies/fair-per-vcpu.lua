-- SPDX-License-Identifier: MIT
--
-- fair-per-vcpu: whoever has four vCPUs gets four times the CPU time of who has one.
--
-- For whom:   a host that sells or lends vCPUs. By itself the kernel knows only cgroups: where each
--             VM has one, a VM of one vCPU gets as much as one of sixteen; where none has, whoever
--             starts the more threads wins.
-- What:       each VM has 100 shares for each of its vCPUs. A vCPU that is hot-plugged counts from
--             the next turn on, one that is taken out counts no more.
-- What not:   nobody is held back while CPUs are free, and nobody is favoured: no classes. Disk and
--             network are not touched. Beyond 100 vCPUs more do not count: 10000 shares are the
--             most that the kernel has.
-- To adapt:   `each` is what one vCPU weighs against 100 of an ordinary cgroup of the host: 200
--             favours all VMs against what else runs there. The ratios between VMs stay.

policy "fair-per-vcpu"
interval (2 * seconds)

class "all" { any = true }

local each = 100
local most = 10000 -- the kernel's largest weight is a hundred times the default

rule "each vCPU counts the same" {
	on = { "birth", "tick" },
	class = "all",
	run = function(vm)
		local vcpus = vm.vcpu_count

		-- Threads that cannot be told apart: nothing is known, so nothing is asked for.
		if vcpus > 0 then
			vm:set("cpu.shares", min(each * vcpus, most),
				"it has " .. vcpus .. (vcpus > 1 and " vCPUs" or " vCPU") .. " of " .. each .. " shares")
		end
	end,
}
