-- SPDX-License-Identifier: MIT
-- expect: interval is between
interval (0 * seconds)
