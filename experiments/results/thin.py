#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""thin.py FROM.sqlite TO.sqlite: a copy that is small enough to be kept beside the source.

What guests other than VM1 said of themselves each second is left out: no figure of `truce lab show`
is computed from it, and in the page's picture of every VM theirs are VM1's alone. Everything else is
as it was measured.
"""
import sqlite3
import sys

source, target = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2])
source.backup(target)
target.execute("delete from sample where source glob 'guest*' and source <> 'guest1'")
target.commit()
target.execute("vacuum")
