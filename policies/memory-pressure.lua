-- SPDX-License-Identifier: MIT
--
-- memory-pressure: when the host runs short of memory, it takes back what guests do not use.
--
-- For whom:   a host that has promised its guests more memory than it has.
-- What:       while processes wait for memory (the host's PSI), or a twentieth of it is left:
--             1. the balloon of each guest that has one takes, step by step, what the guest has
--                available beyond a margin of a fifth of what it uses, 256 MiB at least;
--             2. of VMs without a balloon the kernel reclaims what they did not touch for longest,
--                2 % at a time, and stops for a minute where that made them wait for their memory;
--             3. KSM merges equal pages, at 20 MB a second first, and at up to 200 MB a second.
--             A guest that needs more gets it at once, shortage or not. Once the host was calm for a
--             minute all is given back, step by step; KSM is left as it was found after five.
--             What was merged stays merged.
-- What not:   no guest is taken below what it uses and the margin: where all of it is used, only
--             swap, migration or less promises help. No guest is killed, no limit is set.
-- Needs:      the word of each VMM (its balloon and the guest's statistics: virtio-balloon with
--             a stats period). Reclaim wants cgroup v2 and a place to put what is reclaimed: swap,
--             zswap or zram. KSM merges only memory that its VMM gave to it, as QEMU does.
-- To adapt:   `margin`, and who is spared: a class before "all", with a name of its own.

policy "memory-pressure"
interval (5 * seconds)
needs { "owner" }

class "spared" { metadata = "spared" }
class "all" { any = true }

local calm_for = 1 * minute
local ksm_for  = 5 * minutes
local step     = 64 * MiB -- nothing smaller is worth a word to the guest

-- Any stall means that reclaim is direct; at 5 % somebody is held up noticeably.
local stalled = hysteresis { "stalled", low = percent(1), high = percent(5) }
local scarce  = hysteresis { "scarce", low = percent(92), high = percent(95) }
local thrash  = hysteresis { "thrash", low = 10 / second, high = 100 / second }
local scan    = aimd { "scan", add = 150, multiply = 0.5, least = 100, most = 1000, first = 100 }

-- Whether the host is short of memory, for how long it has not been, and a sentence.
local function shortage(host, state)
	local total, available = host.memory_total, host.memory_available
	local used = total and available and percent(100) - available / total
	local short = stalled(state, host.psi_memory_some_10s)

	short = scarce(state, used) or short
	if short or not state.short_at then
		state.short_at = now
	end
	return short, now - state.short_at,
		"the host is short of memory" .. (available and ": " .. round(available, 16 * MiB) .. " are left" or "")
end

local function margin(used)
	return max(256 * MiB, used * 0.2)
end

-- What the guest is to keep at least; nil where neither it nor its VMM tells.
local function least_for(vm)
	local actual, available = vm.balloon_actual, vm.guest_available or vm.guest_free

	if actual and available then
		local used = max(actual - available, 0 * bytes)
		return round(used + margin(used) + step / 2, step)
	end
end

local function ask_balloon(vm, state, short, calm, why)
	local least, actual, asked = least_for(vm), vm.balloon_actual, vm:asked("memory.balloon")
	local target = asked

	if not least then
		return
	end
	state.full = state.full or actual
	if asked and asked < least then
		target, why = least, "it uses more: " .. least .. " with its margin"
	elseif short then
		local from = asked or actual
		-- A guest that is still busy giving is not asked for more.
		if actual <= from + step and from > least + step then
			target = max(least, from - max(step, (from - least) / 4))
		end
	elseif asked and calm > calm_for then
		target = asked + max(step, (state.full - asked) / 4)
		why = "the host has had memory enough for " .. calm_for
	end
	if target and target >= state.full then
		vm:release("memory.balloon", why)
		state.full = nil
	elseif target then
		vm:set("memory.balloon", round(target, step), why)
	end
end

-- Taking once, again and again: what is asked for is let go before it is asked for anew.
local function ask_reclaim(vm, state, host, short, why)
	local used = vm.memory_current or vm.rss
	local can = vm.memory_high or host.cgroup == "v2"

	if thrash(state, vm:rate("major_faults")) then
		state.thrashed_at = now
	end
	if vm:asked("memory.reclaim") and (can or not short) then
		vm:release("memory.reclaim", "one step at a time")
	elseif short and used and not (state.thrashed_at and now - state.thrashed_at < calm_for) then
		vm:set("memory.reclaim", max(16 * MiB, round(used * 0.02, MiB)), why)
	end
end

rule "unused memory comes back" {
	class = "all",
	run = function(vm, state, host)
		local short, calm, why = shortage(host, state)

		if vm.balloon_actual then
			ask_balloon(vm, state, short, calm, why)
		elseif vm:why("balloon_actual") ~= "not asked" then
			ask_reclaim(vm, state, host, short, why)
		end
	end,
}

rule "equal pages are merged" {
	scope = "host",
	run = function(host, state)
		local short, calm, why = shortage(host, state)
		local cost = host:rate("ksmd_cpu")
		local faster = short

		if short then
			state.merging = true
			-- Merging is to cost a fifth of a CPU at most; from a tenth on it is left as it is.
			if cost and cost > percent(20) then
				faster = false
			elseif cost and cost > percent(10) then
				faster = nil
			end
		elseif calm > ksm_for then
			state.merging = false
		end
		if state.merging then
			host:set("ksm.run", 1, why)
			host:set("ksm.sleep_millisecs", 20, why)
			host:set("ksm.pages_to_scan", round(scan(state, faster), 50), why)
		else
			state.scan = nil
			for _, knob in ipairs({ "ksm.run", "ksm.sleep_millisecs", "ksm.pages_to_scan" }) do
				host:release(knob, "the host has had memory enough for " .. ksm_for)
			end
		end
	end,
}
