-- SPDX-License-Identifier: MIT
-- expect: is a setting of the host
class "all" { any = true }
intent "all" { ["ksm.run"] = 1 }
