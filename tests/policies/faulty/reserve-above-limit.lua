-- SPDX-License-Identifier: MIT
-- expect: cpu.reserve is more than cpu.limit
class "all" { any = true }
intent "all" { cpu = { reserve = 4 * cpus, limit = 2 * cpus } }
