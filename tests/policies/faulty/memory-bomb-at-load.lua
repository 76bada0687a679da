-- SPDX-License-Identifier: MIT
-- expect: uses more than 24 MiB of memory
local text = "x"
for i = 1, 100 do
	text = text .. text
end
