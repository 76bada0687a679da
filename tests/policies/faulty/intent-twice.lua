-- SPDX-License-Identifier: MIT
-- expect: has cpu.shares already
class "all" { any = true }
intent "all" { ["cpu.shares"] = 400 }
intent "all" { ["cpu.shares"] = 200 }
