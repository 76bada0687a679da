-- SPDX-License-Identifier: MIT
-- expect: it does not survive being loaded: it took more CPU time than a turn may
local never = string.find(string.rep("a", 40), string.rep("a?", 40) .. string.rep("a", 40))
rule "calm" { scope = "vm", run = function(vm, state) end }
