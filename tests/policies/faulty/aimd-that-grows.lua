-- SPDX-License-Identifier: MIT
-- expect: multiply is between 0 and 1
local give = aimd { "give", add = 5, multiply = 2, least = 10, most = 100 }
