-- SPDX-License-Identifier: MIT
-- expect: is a word of the language
second = 5
