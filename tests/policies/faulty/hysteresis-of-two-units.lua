-- SPDX-License-Identifier: MIT
-- expect: their units differ
local hurt = hysteresis { "hurt", low = percent(5), high = 2 * GiB }
