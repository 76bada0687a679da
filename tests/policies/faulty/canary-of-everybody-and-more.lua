-- SPDX-License-Identifier: MIT
-- expect: canary takes the part
canary(25, 10 * minutes)
