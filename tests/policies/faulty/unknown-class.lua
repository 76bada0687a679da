-- SPDX-License-Identifier: MIT
-- expect: did you mean gold?
class "gold" { name = "gold-*" }
intent "gol" { ["cpu.shares"] = 400 }
