-- SPDX-License-Identifier: MIT
-- expect: no class "gold" is declared above
intent "gold" { ["cpu.shares"] = 400 }
