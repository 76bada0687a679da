-- SPDX-License-Identifier: MIT
-- expect: <eof>
rule "x" { run = function(vm)
