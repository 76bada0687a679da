-- SPDX-License-Identifier: MIT
-- What a turn costs where a rule looks at every VM, keeps a state for it, and asks for something
-- else each time: the most that a policy does.
rule "busy" {
  scope = "vm",
  run = function(vm, state)
    state.turns = (state.turns or 0) + 1
    vm:set("cpu.weight", 100 + state.turns % 2, "something else")
  end,
}
