-- SPDX-License-Identifier: MIT
-- expect: 'nmae' is not known: did you mean name?
class "gold" { nmae = "gold-*" }
