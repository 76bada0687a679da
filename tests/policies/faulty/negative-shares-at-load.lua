-- SPDX-License-Identifier: MIT
-- expect: -400 is below the least
class "all" { any = true }
intent "all" { ["cpu.shares"] = -400 }
