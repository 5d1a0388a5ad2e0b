#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""massif.py FILE BYTES: the tree of a massif file, node by node: n says how many children follow, and
their bytes add up to their parent's, down from BYTES at the root."""

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
	head, tree = text.split("heap_tree=detailed\n")
	assert "heap_tree=empty\n" in head
	lines = iter(tree.splitlines())
	assert read(lines, 0) == int(sys.argv[2])
	assert next(lines, None) is None, "more lines than nodes"


main()
