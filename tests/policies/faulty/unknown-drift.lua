-- SPDX-License-Identifier: MIT
-- expect: drift is "reassert" or "leave"
drift "ignore"
