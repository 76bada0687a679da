-- SPDX-License-Identifier: MIT
-- expect: did you mean cpu.shares?
class "all" { any = true }
intent "all" { ["cpu.share"] = 50 }
