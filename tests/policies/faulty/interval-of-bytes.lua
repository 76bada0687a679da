-- SPDX-License-Identifier: MIT
-- expect: interval takes a time
interval (5 * MiB)
