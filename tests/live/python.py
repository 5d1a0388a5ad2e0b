# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's frames: what memtop sees from outside equals what Python says of itself."""

import glob
import os
import subprocess

from harness import HERE, Memtop, Skipped, Target, expect, main, raise_errors

SCRIPTS = os.path.join(os.path.dirname(HERE), "programs", "python")


def interpreter(version):
	"""The path of a Python 3.x: Debian's own as "debian", others as "3.12"."""
	if version == "debian":
		return "/usr/bin/python3"
	home = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
	for pattern in (f"/usr/bin/python{version}", f"/usr/local/bin/python{version}",
			f"{home}/versions/{version}.*/bin/python{version}"):
		for path in sorted(glob.glob(pattern)):
			if not subprocess.run([path, "-c", ""], stderr=subprocess.DEVNULL).returncode:
				return os.path.realpath(path)
	raise Skipped(f"there is no Python {version} here")


def python_frames(stack):
	"""(file, line, plain name) of the Python frames, innermost first."""
	return [(f.get("file"), f.get("line"), f.get("function", "").rpartition(".")[2])
		for f in stack["frames"] if f["language"] == "python"]


def held(document, kind="heap"):
	"""Bytes held by each Python stack; those of stacks that were cut at their depth apart."""
	whole, cut = {}, {}
	for s in document["stacks"]:
		if s["kind"] != kind or not s["allocated"]:
			continue
		frames = tuple(python_frames(s))
		into = whole if s["end"] == "root" else cut
		into[frames] = into.get(frames, 0) + s["allocated"]
	return whole, cut


def stack_errors(document, truth):
	whole, cut = held(document)
	for t in truth:
		frames = tuple(tuple(f) for f in t["frames"])
		got = whole.pop(frames, None)
		if got is None:	# the native frames were too many, the Python frames are all there
			got = cut.pop(frames, None)
		if got is None and len(frames) > 100:
			known = [k for k in cut if frames[:len(k)] == k and len(k) >= 100]
			got = cut.pop(known[0]) if known else None
		if got == t["bytes"]:
			continue
		yield f"{got} bytes, not {t['bytes']}, at {frames[:6]}"
	for frames, size in list(whole.items()) + list(cut.items()):
		if frames and frames[0][2] == "note":
			yield f"{size} bytes at a stack that never was: {frames[:6]}"


def stacks(version, *args):
	python = interpreter(version)
	target = Target([python, *args, os.path.join(SCRIPTS, "stacks.py")])
	memtop = Memtop(["-p", target.pid])
	truth = target.run()
	expect(len(truth) > 150, f"only {len(truth)} stacks")
	document = memtop.fresh(rest=True)
	memtop.stop()
	raise_errors(stack_errors(document, truth))
	print(f"{os.path.basename(python)}: {len(truth)} stacks equal")


if __name__ == "__main__":
	main({"stacks": stacks})
