# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls functions whose names and line tables have been pushed to swap meanwhile.

It talks as stacks.py does: READY, a line from outside, JSON lines of truth, REST.
"""

import itertools
import json
import sys
import traceback

COUNT = 3000
SIZE = 5000
# of one size: a list that grows would allocate at the stack that makes it grow
KEEP = [None] * COUNT
NEXT = itertools.count()


def stack():
	return [(f.f_code.co_filename, line, f.f_code.co_name)
		for f, line in traceback.walk_stack(sys._getframe(1))]


def note():
	KEEP[next(NEXT)] = (stack(), bytearray(SIZE))


def functions():
	source = "".join(f"def function_number_{i}(n):\n\tif n:\n\t\treturn note(\n\t\t\t)\n"
			 for i in range(COUNT))
	space = {"note": note}
	exec(compile(source, "/no/many_functions.py", "exec"), space)
	return [space[f"function_number_{i}"] for i in range(0, COUNT, 10)]


def main():
	cold = functions()
	print("READY", flush=True)
	sys.stdin.readline()
	for function in cold:
		function(1)
	for frames, _ in KEEP[:next(NEXT)]:
		print(json.dumps({"bytes": SIZE + 1, "frames": frames}))
	print("REST", flush=True)
	sys.stdin.readline()


main()
