LuaS
-- SPDX-License-Identifier: MIT
-- expect: a policy is text
