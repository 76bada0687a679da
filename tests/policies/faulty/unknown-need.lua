-- SPDX-License-Identifier: MIT
-- expect: there are maps, owner and pressure
needs { "presure" }
