-- SPDX-License-Identifier: MIT
-- expect: did you mean memory.reserve?
class "all" { any = true }
intent "all" { memory = { reserv = 5 * GiB } }
