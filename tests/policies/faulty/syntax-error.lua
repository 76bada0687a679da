-- SPDX-License-Identifier: MIT
-- expect: '}' expected (to close '{' at line 3) near 'rule'
class "all" { any = true
rule "x" {}
