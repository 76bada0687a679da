-- SPDX-License-Identifier: MIT
-- expect: run is a function
rule "x" { scope = "vm" }
