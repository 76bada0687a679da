-- SPDX-License-Identifier: MIT
-- expect: its name in the state comes first
local hurt = hysteresis { low = percent(1), high = percent(2) }
