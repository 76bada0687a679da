-- SPDX-License-Identifier: MIT
-- One rule for the whole host, as gold-first has: what lua_policy_bench measures.
policy "gold-first"
class "gold"   { name = "vm0*" }
class "bronze" { any = true }
intent "gold" { ["cpu.shares"] = 400 }
local hurt = hysteresis { "hurt", low = percent(1), high = percent(2) }
local give = aimd { "shares", add = 5, multiply = 0.5, least = 10, most = 100 }
rule "bronze gives way" { scope = "host", run = function(host, state, vms)
    local waiting, whose = vms:class("gold"):most("waiting")
    local shares = give(state, not hurt(state, waiting))
    for _, vm in ipairs(vms:class("bronze")) do
        if vm.used and vm.used > 0.1 * cpus then
        vm:set("cpu.shares", shares, "gold waits " .. tostring(waiting))
        end
    end
end }
