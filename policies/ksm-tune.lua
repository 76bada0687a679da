-- SPDX-License-Identifier: MIT
--
-- ksm-tune: page sharing (KSM) merges fast while there is much to merge, and hardly at all when it is done.
--
-- For whom:   a host whose guests are alike, and whose memory is to hold more of them. As `truce ksm tune`
--             does it while that runs, by truced for good.
-- What:       KSM merges a page at the second look that finds it unchanged. So there are sweeps (all is
--             looked at twice, at up to a quarter of a CPU), and between them ksmd crawls at a thousandth
--             of a CPU. A sweep begins when a VM is born, when the VMs' memory grows by a fiftieth, or
--             when the crawl itself finds pages to merge. Growth that merged nothing is believed less
--             from then on. While somebody waits for a CPU in more than a quarter of the time, ksmd stands still.
-- What not:   nothing is ever unmerged. Who shares with whom cannot be said: KSM merges whatever a
--             VMM has given to it, of all owners alike, and a guest can find out by timing what others
--             have in memory. Guests of owners that do not trust each other want KSM off at their start
--             (QEMU: mem-merge=off; libvirt: <nosharepages/>).
-- Needs:      memory that its VMM gave to KSM, as QEMU does; nobody else who tunes KSM (ksmtuned, MoM,
--             VDSM, the kernel's advisor): who does is named in `truce explain host`, and left alone.
--             Not together with memory-pressure, which turns the same knobs when memory is short.
-- To adapt:   the five numbers below.

policy "ksm-tune"
interval (1 * second)

local sweep_cpu  = 0.25  -- of one CPU, while there is much to merge
local calm_cpu   = 0.001 -- of one CPU, when that is done
local worth      = 20    -- MB merged for each second of ksmd: less was not worth a sweep
local growth     = 0.02  -- of the VMs' memory, that is worth one
local waiting    = hysteresis { "waiting", low = percent(18), high = percent(25) }

local stand_still = 5 * seconds
local judge_crawl = 10 * seconds

-- ksmd works through n pages and sleeps: had / (1 - had) is proportional to n / sleep.
local function aim(state, had, cpus, sleep, most)
	local pages = state.pages * sleep / state.sleep

	had = min(had, 0.98)
	if had > 0 then
		local factor = cpus / (1 - cpus) * (1 - had) / had

		if factor > 0.8 and factor < 1.25 and sleep == state.sleep then
			return
		end
		pages = pages * clamp(factor, 0.001, 8)
	end
	state.pages, state.sleep = round(clamp(pages, 10, most), 1), sleep
end

local function sweep(state, seen, why)
	state.phase, state.why = "sweep", why
	state.start, state.aimed = seen, { at = seen.at, cpu = seen.cpu }
	state.swept, state.most = seen.memory, seen.tracked
	state.pages, state.sleep = 2000, 10
end

-- MB merged for each second of ksmd since the phase began.
local function yield_of(state, seen)
	local cpu = number(seen.cpu - state.start.cpu, second)
	local merged = (seen.saved - state.start.saved) * 0.004096

	return cpu > 0 and max(merged, 0) / cpu or 0
end

-- What a page cost in the sweep, it costs thrice in a crawl: nothing is warm.
local function begin_crawl(state, seen)
	local looks = seen.scanned and state.start.scanned and seen.scanned - state.start.scanned or 0
	local cost = number(seen.cpu - state.start.cpu, us)
	local each = looks > 0 and cost > 0 and cost / looks or 2

	state.pages, state.sleep = round(clamp(calm_cpu * 1000000 / (3 * each), 10, 10000), 1), 1000
end

local function calm(state, seen)
	if yield_of(state, seen) >= worth then
		state.fruitless = 0
	else
		state.fruitless = min((state.fruitless or 0) + 1, 4)
	end
	state.phase = "calm"
	state.why = "all was looked at twice: " .. round(yield_of(state, seen), 1) .. " MB a CPU-second"
	begin_crawl(state, seen)
	state.start, state.aimed = seen, { at = seen.at, cpu = seen.cpu }
end

-- Two whole passes, and what was left of the one in which it began: half of one, where looks are counted.
local function is_swept(state, seen)
	local passes = seen.scans - state.start.scans

	return passes >= 3 or passes >= 2 and seen.scanned and state.start.scanned and
		seen.scanned - state.start.scanned >= 2.5 * state.most
end

-- What ksmd had of a CPU since its pace was judged last.
local function had(state, seen)
	local since = seen.at - state.aimed.at
	local share = since > 0 * seconds and (seen.cpu - state.aimed.cpu) / since

	state.aimed = { at = seen.at, cpu = seen.cpu }
	return share and number(share) or 0
end

local function while_sweeping(state, seen)
	-- VMs may end meanwhile.
	state.most = max(state.most, seen.tracked)
	if is_swept(state, seen) then
		calm(state, seen)
	else
		local share = had(state, seen)

		-- Far below, it is not its pace that holds it up: there is nothing to look at, or no CPU.
		if share > sweep_cpu / 20 then
			aim(state, share, sweep_cpu, 10, 200000)
		end
	end
	-- What is known of by the end of the first pass is looked at twice: no growth, later.
	if seen.scans - state.start.scans <= 1 then
		state.swept = max(state.swept, seen.memory)
	end
end

local function while_calm(state, seen, born)
	local doubt = 2 ^ (state.fruitless or 0)

	if born then
		sweep(state, seen, "a VM was born")
	elseif seen.memory > state.swept * (1 + growth * doubt) + MiB then
		sweep(state, seen, "the VMs' memory has grown")
	elseif seen.saved > state.start.saved + 256 and yield_of(state, seen) >= worth * doubt then
		sweep(state, seen, "a look now and then finds pages to merge")
	elseif seen.at - state.aimed.at >= judge_crawl then
		aim(state, had(state, seen), calm_cpu, 1000, 10000)
	end
end

-- Nil where this kernel has no KSM, and until it was looked at.
local function look(host, vms)
	local scans, cpu, sharing = host.ksm_full_scans, host.ksmd_cpu, host.ksm_pages_sharing

	if scans and cpu and sharing then
		return {
			at = now, scans = scans, cpu = cpu,
			saved = sharing + (host.ksm_zero_pages or 0),
			scanned = host.ksm_pages_scanned,
			tracked = sharing + (host.ksm_pages_shared or 0) + (host.ksm_pages_unshared or 0) +
				(host.ksm_pages_volatile or 0),
			memory = vms:sum("rss") or 0 * bytes,
		}
	end
end

-- Somebody waits for a CPU now, or did so a moment ago.
local function is_pressed(host, state)
	if waiting(state, host:rate("psi_cpu_some")) then
		state.pressed_at = now
	end
	return state.pressed_at and now - state.pressed_at < stand_still
end

rule "as fast as it is worth" {
	scope = "host",
	run = function(host, state, vms)
		local seen = look(host, vms)
		local born = state.vms and host.vm_count > state.vms

		if not seen then
			return
		end
		state.vms = host.vm_count
		if is_pressed(host, state) then
			state.stood_still = true
			host:set("ksm.run", 0, "somebody waits for a CPU")
			return
		end
		if not state.phase then
			sweep(state, seen, "it has just begun")
		elseif state.stood_still and state.phase == "sweep" then
			sweep(state, seen, "the CPUs are free again")
		elseif state.phase == "sweep" then
			while_sweeping(state, seen)
		else
			while_calm(state, seen, born)
		end
		state.stood_still = nil
		host:set("ksm.sleep_millisecs", state.sleep, state.why)
		host:set("ksm.pages_to_scan", state.pages, state.why)
		host:set("ksm.run", 1, state.why)
	end,
}
