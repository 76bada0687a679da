-- SPDX-License-Identifier: MIT
-- expect: it took more CPU time than a turn may, in rule "calm" of line 3
rule "calm" {
  scope = "vm",
  run = function(vm, state)
    string.find(string.rep("a", 40), string.rep("a?", 40) .. string.rep("a", 40))
  end,
}
