-- SPDX-License-Identifier: MIT
-- expect: is a pattern or a list of them
class "gold" { name = 5 }
