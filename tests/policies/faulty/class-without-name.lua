-- SPDX-License-Identifier: MIT
-- expect: class takes a name
class { name = "gold-*" }
