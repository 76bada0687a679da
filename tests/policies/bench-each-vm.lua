-- SPDX-License-Identifier: MIT
-- A rule that reads and decides for each VM: what lua_policy_bench measures.
policy "gold-first"
class "gold"   { name = "vm0*" }
class "bronze" { any = true }
intent "gold" { ["cpu.shares"] = 400 }
local hurt = hysteresis { "hurt", low = percent(1), high = percent(2) }
local give = aimd { "shares", add = 5, multiply = 0.5, least = 10, most = 100 }
local smooth = moving_average { "smooth", over = 5 * seconds }
rule "each" { scope = "vm", run = function(vm, state, host)
    local w = smooth(state, vm.waiting)
    if w == nil then return end
    local shares = give(state, not hurt(state, w))
    if vm.rss > 100 * MiB and vm:rate("disk_written") and host.utilisation_15min then
      vm:set("cpu.shares", round(shares), "waits " .. tostring(w))
    end
end }
