-- SPDX-License-Identifier: MIT
-- expect: is not a number (NaN
class "all" { any = true }
intent "all" { ["cpu.shares"] = 0 / 0 }
