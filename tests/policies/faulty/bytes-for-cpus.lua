-- SPDX-License-Identifier: MIT
-- expect: it takes a value as 2 * cpus
class "all" { any = true }
intent "all" { ["cpu.limit"] = 2 * GiB }
