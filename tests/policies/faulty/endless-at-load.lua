-- SPDX-License-Identifier: MIT
-- expect: does not come to an end
while true do end
