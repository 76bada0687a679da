-- SPDX-License-Identifier: MIT
-- expect: interval takes a time, as 1 * second
interval (5)
