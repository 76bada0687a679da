-- SPDX-License-Identifier: MIT
-- expect: 'dofile' is not offered
dofile "/etc/passwd"
