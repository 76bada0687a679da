#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=tests/claims/lib.sh
. "$SOURCE_ROOT/tests/claims/lib.sh"

tree=$scratch/tree
licence='/* SPDX-License-Identifier: GPL-2.0-or-later */'

# fresh_tree: one C file and one claim, both in order.
fresh_tree() {
	rm -rf "$tree"
	mkdir -p "$tree/src/base" "$tree/tests/claims" "$tree/tests/hosts/other"
	printf '%s\nint zero;\n' "$licence" >"$tree/src/base/file.c"
	printf '#!/bin/sh\n# %s\n' "$licence" >"$tree/tests/claims/water-is-wet.sh"
	chmod +x "$tree/tests/claims/water-is-wet.sh"
	printf "# %s\nclaims = ['water-is-wet']\n" "$licence" >"$tree/tests/meson.build"
}

in_order() {
	expect_exit 0 "$SOURCE_ROOT/tools/check-house" "$tree"
}

# breach PATTERN: the tree is not in order, for this reason alone.
breach() {
	expect_exit 1 "$SOURCE_ROOT/tools/check-house" "$tree"
	expect_match "the breach" "$1" "$(cat "$scratch/out")"
	expect_match "their number" ", 1 breaches$" "$(cat "$scratch/out")"
	fresh_tree
}

long_file() {
	echo "$licence"
	seq -f 'int number_%g;' "$1"
}

# long_function COMMENT
long_function() {
	echo "$licence"
	echo "$1"
	printf 'void all(void)\n{\n'
	seq -f '	number(%g);' 120
	echo '}'
}

fresh_tree
in_order

echo 'int zero;' >"$tree/src/base/file.c"
breach '^src/base/file.c:1: no SPDX'
printf 'int one; \n' >>"$tree/src/base/file.c"
breach '^src/base/file.c:3: blanks end the line'
printf 'int one;\r\n' >>"$tree/src/base/file.c"
breach '^src/base/file.c:3: a carriage return'
printf 'int one;' >>"$tree/src/base/file.c"
breach '^src/base/file.c:3: no line feed'
printf '/* %s later */\n' 'TO''DO' >>"$tree/src/base/file.c"
breach '^src/base/file.c:3: a loose end'
printf '/* see /%s/somebody/notes */\n' home >>"$tree/src/base/file.c"
breach '^src/base/file.c:3: a path'
long_file 900 >"$tree/src/base/file.c"
breach 'longer than 900 lines'
long_file 160 >"$tree/src/base/file.h"
breach 'longer than 160 lines'
long_function '' >"$tree/src/base/file.c"
breach 'a function of 120 lines'
printf "claims = ['water-is-dry']\n# %s\n" "$licence" >"$tree/tests/meson.build"
breach '^tests/claims/water-is-wet.sh: a claim that tests/meson.build does not name'
chmod -x "$tree/tests/claims/water-is-wet.sh"
breach '^tests/claims/water-is-wet.sh: a claim that cannot be executed'

# What is allowed: a reason above a long function, bytes captured elsewhere, a build.
long_function '/* One line a case of the table. */' >"$tree/src/base/file.c"
printf '/%s/somebody \n' home >"$tree/tests/hosts/other/mounts.txt"
mkdir -p "$tree/elsewhere/meson-private"
printf 'int one; \n' >"$tree/elsewhere/made.c"
in_order
