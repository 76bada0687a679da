-- SPDX-License-Identifier: MIT
-- expect: is declared a second time
class "gold" { name = "a" }
class "gold" { name = "b" }
