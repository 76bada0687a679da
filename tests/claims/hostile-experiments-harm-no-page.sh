#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An experiment of which every text is an attack gives a page, pictures, tables and JSON in which they are
# text: nothing runs, nothing is loaded, no terminal is turned red, no shell command is executed.
. "$SOURCE_ROOT/tests/claims/lib.sh"

made=$BUILD_ROOT/src/lab/result/made-experiment
[ -x "$made" ] || skip "needs the unit tests' experiments"
[ -x "$BUILD_ROOT/src/cmd/truce-lab" ] || skip "truce-lab is not built here"
need_program gnuplot gnuplot-nox
export TRUCE_LAB_DIR="$scratch"

"$made" "$scratch/hostile.sqlite" hostile 1 || fail "no hostile experiment"
"$TRUCE" lab export hostile "$scratch/export" || fail "it cannot be exported"
for file in "$scratch"/export/report.html "$scratch"/export/*.svg; do
	# Elements as a browser finds them, not what stands escaped in texts.
	python3 - "$file" <<'PYTHON' || fail "$file has what runs or loads"
import html.parser, sys

class Look(html.parser.HTMLParser):
    wrong = []
    seen = 0

    def handle_starttag(self, tag, attributes):
        Look.seen += 1
        if tag in ("script", "img", "iframe", "object", "embed", "link", "base", "form", "a"):
            Look.wrong.append(tag)
        for name, value in attributes:
            inside = (value or "").startswith("#")
            if name.startswith("on") or name in ("src", "href", "xlink:href") and not inside:
                Look.wrong.append(f"{tag} {name}={value}")

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
Look().feed(text)
print(Look.wrong)
sys.exit(1 if Look.wrong or Look.seen < 20 or "\x1b" in text else 0)
PYTHON
done
grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' "$scratch/export/report.html" || fail "the attack is not shown as text"
grep -rl "$(printf '\033')" "$scratch/export" --include='*.tsv' --include='*.html' --include='*.svg' --include='*.cff' \
	--include='*.json' >"$scratch/found" && fail "escape characters in $(cat "$scratch/found")"
"$TRUCE" lab show hostile >"$scratch/text" || fail "it cannot be shown"
"$TRUCE" lab list >>"$scratch/text" || fail "it cannot be listed"
grep -q "$(printf '\033')" "$scratch/text" && fail "an escape character reaches the terminal"
grep -q "uid=" -r "$scratch/export" && fail "a command of a label was executed"
exit 0
