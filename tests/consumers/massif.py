#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""massif.py FILE BYTES...: the trees of a massif file, node by node: n says how many children follow,
and their bytes add up to their parent's, down from BYTES at the root, which its snapshot has too."""

import re
import sys

NODE = re.compile(r"^( *)n(\d+): (\d+) (\S.*)$")


def read(lines, depth):
	"""Reads one node with all below it; returns its bytes."""
	node = NODE.match(next(lines))
	assert node, "not a node"
	indent, children, total, text = node.groups()
	assert len(indent) == depth, f"{text} is {len(indent)} deep, not {depth}"
	if int(children):
		below = sum(read(lines, depth + 1) for _ in range(int(children)))
		assert below == int(total), f"{text} has {total} bytes, its children {below}"
	return int(total)


def main():
	with open(sys.argv[1]) as f:
		text = f.read()
	snapshots = re.split(r"^#-+\nsnapshot=\d+\n#-+\n", text, flags=re.MULTILINE)[1:]
	wanted = [int(arg) for arg in sys.argv[2:]]
	assert snapshots[0].endswith("heap_tree=empty\n")
	for snapshot in snapshots:
		head, tree = re.split(r"heap_tree=\w+\n", snapshot)
		if not tree:
			continue
		lines = iter(tree.splitlines())
		total = read(lines, 0)
		assert total == wanted.pop(0), f"a tree of {total} bytes"
		assert f"mem_heap_B={total}\n" in head
		assert next(lines, None) is None, "more lines than nodes"
	assert not wanted, f"no tree of {wanted} bytes"


main()
