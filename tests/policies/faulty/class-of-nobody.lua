-- SPDX-License-Identifier: MIT
-- expect: does not say which VMs are in it
class "gold" { }
