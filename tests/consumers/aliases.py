#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""aliases.py OURS THEIRS: perf-script as memtop writes it, and as perf prints it.

Both may choose among the names that a function has, and perf 6.1 leaves inlined calls out where it
has no line for them; anything else that differs ends this with a line that says what.  The names of
a file are read by readelf, from its debug file where it has one.
"""

import functools
import os
import re
import subprocess
import sys

FRAME = re.compile(r"^(\t +[0-9a-f]+ )(.+)(\+0x[0-9a-f]+) (\(.+\))$")


def readelf(*args):
	return subprocess.run(["readelf", "-W", *args], capture_output=True, text=True,
			      check=False).stdout


@functools.cache
def names(path):
	"""Name -> addresses, of the file and its debug file."""
	found = {}
	build_id = re.search(r"Build ID: ([0-9a-f]+)", readelf("-n", path))
	files = [path]
	if build_id:
		i = build_id.group(1)
		files.append(f"/usr/lib/debug/.build-id/{i[:2]}/{i[2:]}.debug")
	for file in filter(os.path.exists, files):
		for line in readelf("-s", file).splitlines():
			columns = line.split()
			if len(columns) >= 8 and columns[6] != "UND":
				found.setdefault(columns[7].split("@")[0], set()).add(columns[1])
	return found


def same(our, their):
	a, b = FRAME.match(our), FRAME.match(their)
	if not a or not b or a.group(1, 3, 4) != b.group(1, 3, 4):
		return False
	table = names(a.group(4)[1:-1])
	both = [table.get(name.split("@")[0], set()) for name in (a.group(2), b.group(2))]
	return bool(both[0] & both[1])


def main():
	with open(sys.argv[1]) as ours, open(sys.argv[2]) as theirs:
		ours = [line.rstrip("\n") for line in ours if not line.endswith("(inlined)\n")]
		theirs = [line.rstrip("\n") for line in theirs if not line.endswith("(inlined)\n")]
	if len(ours) != len(theirs):
		sys.exit(f"{len(ours)} lines here, {len(theirs)} lines there")
	equal = aliases = 0
	for our, their in zip(ours, theirs):
		if our == their:
			equal += 1
		elif same(our, their):
			aliases += 1
		else:
			sys.exit(f"not the same:\n{our}\n{their}")
	print(f"{equal} lines equal, {aliases} with another name of the same function")
	if equal < 4 * aliases:
		sys.exit("too many aliases to be of any worth")


main()
