# SPDX-License-Identifier: GPL-2.0-or-later
"""--pymalloc: what each Python line holds equals what tracemalloc says that it holds."""

import os

from harness import Memtop, Target, expect, main, raise_errors
from python import SCRIPTS, interpreter, line_of

OBJECTS = os.path.join(SCRIPTS, "small_objects.py")

# What free lists hand over to another line, which tracemalloc sees and the allocator does not; to
# 3.10 there is one of frames, too.
SLACK = 1024
SLACK_OF_FRAMES = 8192


def run(python, *args):
	"""The truth, and what memtop says of the same process at rest."""
	target = Target([python, OBJECTS, *args], env={**os.environ, "PYTHONHASHSEED": "0"})
	memtop = Memtop(["-p", target.pid, "--pymalloc"], delay=2)
	truth = target.run(timeout=100)
	document = memtop.fresh(rest=True)
	memtop.stop()
	unknown = document["processes"][0]["unknown_frees"]
	expect(unknown < 5000, f"{unknown} frees of blocks that were not counted")
	driver = line_of(OBJECTS, "def main()")
	return {(t["file"], t["line"]): t["bytes"] for t in truth
		if t["file"] != OBJECTS or t["line"] < driver}, document


def caller_of_malloc(stack):
	"""The module that the memory is for, behind the C library's."""
	for f in stack["frames"]:
		if f["language"] == "native" and "/libc.so" not in f.get("module", ""):
			return f.get("module", "")
	return ""


def held_by_line(document):
	"""
	Bytes by innermost Python line, as tracemalloc counts: not what libraries such as SQLite get
	from malloc, nor what the script's own main() does before and after.
	"""
	held = {}
	for s in document["stacks"]:
		python = [f for f in s["frames"] if f["language"] == "python"]
		if s["kind"] != "heap" or not python or "python" not in caller_of_malloc(s):
			continue
		if python[0].get("file") == OBJECTS and python[0].get("function") == "main":
			continue
		line = (python[0].get("file"), python[0].get("line", 0))
		held[line] = held.get(line, 0) + s["allocated"]
	return held


def line_errors(version, truth, held):
	slack = SLACK_OF_FRAMES if version in ("3.8", "3.9", "3.10") else SLACK
	for line in sorted({*truth, *held}, key=str):
		want, got = truth.get(line, 0), held.get(line, 0)
		if abs(got - want) > want / 100 + slack:
			yield f"{line[0]}:{line[1]}: {got} bytes, for tracemalloc {want}"


def told(name, truth, held):
	total = sum(held.get(line, 0) for line in truth)
	print(f"{name}: {len(truth)} lines, {total} bytes, for tracemalloc {sum(truth.values())}")
	expect(abs(total - sum(truth.values())) < sum(truth.values()) / 100, "the sums differ")


def compare(version, name, truth, document):
	held = held_by_line(document)
	raise_errors(line_errors(version, truth, held))
	told(name, truth, held)


def lines(version):
	truth, document = run(interpreter(version), "trace")
	expect(len(truth) > 90, f"tracemalloc told of {len(truth)} lines only")
	compare(version, "in the same process", truth, document)
	return truth


def copies(version):
	"""
	While tracemalloc watches, nothing runs the copies of the allocator that the compiler has put
	into its callers: so memtop watches a second process, which does the same unwatched.
	"""
	truth = lines(version)
	_, document = run(interpreter(version))
	compare(version, "unwatched", truth, document)


if __name__ == "__main__":
	main({"copies": copies, "lines": lines})
