-- SPDX-License-Identifier: MIT
-- expect: low (5 %) is not below high (2 %)
local hurt = hysteresis { "hurt", low = percent(5), high = percent(2) }
