-- SPDX-License-Identifier: MIT
-- expect: 'require' is not offered
local ffi = require "ffi"
