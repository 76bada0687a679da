-- SPDX-License-Identifier: MIT
-- expect: births are of VMs
rule "x" { scope = "host", on = "birth", run = function() end }
