-- SPDX-License-Identifier: MIT
-- expect: it does not survive being loaded: it took more CPU time | it takes too long to load
local found = string.find(("a"):rep(40), ("a?"):rep(40) .. ("a"):rep(40))
rule "never" { run = function() end }
