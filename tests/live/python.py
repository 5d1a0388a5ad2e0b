# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's frames: what memtop sees from outside equals what Python says of itself."""

import glob
import os
import re
import subprocess
import tempfile
import time

from harness import (HERE, MEMTOP, MIB, PAGE, Memtop, Skipped, Target, bpf_ids, expect, main,
		     raise_errors, status_of)

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


def unknown(version):
	"""An interpreter that memtop cannot read: it says so, and the stacks are native."""
	python = interpreter(version)
	target = Target([python, "-c", "import sys\nprint('READY', flush=True)\n"
			 "sys.stdin.readline()\nkeep = bytearray(54321)\nprint('REST', flush=True)\n"
			 "sys.stdin.readline()"])
	memtop = Memtop(["-p", target.pid])
	target.run()
	document = memtop.fresh(rest=True)
	expect(f"runs Python {version}" in memtop.errors(), f"it said: {memtop.errors()}")
	rows = [s for s in document["stacks"] if s["allocated"] == 54322]
	expect(len(rows) == 1 and not python_frames(rows[0]) and rows[0]["end"] == "root", f"{rows}")
	memtop.stop()


def line_of(path, word):
	with open(path) as f:
		for number, line in enumerate(f, 1):
			if word in line:
				return number
	return None


def at_line(document, path, number):
	"""The sum of all stacks whose innermost frame of this file is at this line."""
	total = {}
	for s in document["stacks"]:
		if s["kind"] == "before_attach":
			continue
		lines = [line for file, line, _ in python_frames(s) if file == path]
		if lines and lines[0] == number:
			for key in ("allocated", "resident", "swapped", "untouched", "zero"):
				total[key] = total.get(key, 0) + s[key]
	return total


def expect_line(document, word, **want):
	path = os.path.join(SCRIPTS, "article.py")
	got = at_line(document, path, line_of(path, word))
	for key, value in want.items():
		# the block's header lies before it: one page more is touched, and partly its own
		expect(abs(got.get(key, 0) - value) <= PAGE, f"{word}: {key} should be {value}: {got}")


def article():
	try:
		target = Target(["/usr/bin/python3", os.path.join(SCRIPTS, "article.py")])
	except Exception:
		raise Skipped("python3-numpy is not installed") from None
	memtop = Memtop(["-p", target.pid])
	size = 64 * MIB
	target.run()
	document = memtop.fresh(rest=True)
	expect_line(document, "# written", allocated=size, resident=size, swapped=0)
	expect_line(document, "# never touched", allocated=size, resident=0, untouched=size)
	expect_line(document, "# read", allocated=size, resident=0, zero=size)
	target.run()
	swap = status_of(target.pid)["VmSwap"]
	if swap < 60 * MIB:
		raise Skipped(f"the kernel swapped only {swap} bytes of {size}")
	document = memtop.fresh(rest=True)
	got = at_line(document, os.path.join(SCRIPTS, "article.py"),
		      line_of(os.path.join(SCRIPTS, "article.py"), "# written"))
	expect(abs(got["swapped"] - swap) <= PAGE and
	       got["resident"] + got["swapped"] + got["untouched"] == got["allocated"],
	       f"swap is {swap}: {got}")
	memtop.stop()


def attached(pid):
	time.sleep(0.1)
	# seven tracepoints, then the allocator's entries and returns
	return len([i for i in bpf_ids(pid) if i[0] == "link"]) > 8


def line_table():
	"""The table that memory_profiler's users know, with the source beside the figures."""
	path = os.path.join(SCRIPTS, "stacks.py")
	target = Target(["/usr/bin/python3", path])
	with tempfile.TemporaryFile("w+") as out:
		memtop = subprocess.Popen([MEMTOP, "-p", str(target.pid), "-b", "-g", "line", "--bytes",
					   "-d", "4", "-i", "1"], stdout=out)
		# nothing is printed before the table: its links tell that it is attached
		for _ in range(100):
			if attached(memtop.pid):
				break
		# the interpreter is recognised right after
		time.sleep(1)
		target.run()
		memtop.wait(30)
		out.seek(0)
		text = out.read()
	line = line_of(path, "KEEP[next(NEXT)] = (stack()")
	rows = [row for row in text.splitlines() if f"stacks.py:{line} " in row]
	expect(len(rows) == 1, f"{len(rows)} rows for line {line}:\n{text}")
	expect("KEEP[next(NEXT)] = (stack(), size, bytearray(size))" in rows[0], rows[0])
	figures = [int(word) for word in re.findall(r"\d+", rows[0])[:6]]
	expect(figures[0] == sum(figures[1:4]) and figures[4] >= 300 and figures[5] >= figures[4],
	       f"{figures}: {rows[0]}")


def touched_at(document, path, number):
	return sum(s.get("touched", 0) for s in document["stacks"]
		   if python_frames(s)[:1] and python_frames(s)[0][:2] == (path, number))


def arenas(version, mode):
	"""Arenas are one stack of their own, and the lines that fill them have touched them."""
	path = os.path.join(SCRIPTS, "arenas.py")
	target = Target([interpreter(version), path])
	memtop = Memtop(["-p", target.pid, "-m", mode])
	truth, = target.run()
	document = memtop.fresh(rest=True)
	memtop.stop()
	held = {tuple(python_frames(s)): 0 for s in document["stacks"] if s["kind"] == "mapping"}
	for s in document["stacks"]:
		if s["kind"] == "mapping":
			held[tuple(python_frames(s))] += s["allocated"]
	named = {frames: size for frames, size in held.items() if "[pymalloc arena]" in str(frames)}
	expect(list(named) == [((None, None, "[pymalloc arena]"),)], f"the arenas are {named}")
	size = (256 if version in ("3.8", "3.9") else 1024) << 10
	expect(sum(named.values()) == truth["arenas"] * size,
	       f"{sum(named.values())} bytes of {truth['arenas']} arenas: {held}")
	for word, want in zip(("bytes(SMALL)", "bytes(LARGE)"), truth["lines"]):
		got = touched_at(document, path, line_of(path, "= " + word))
		# pools that were there before hold some of it, and pools have headers
		expect(want * 0.9 < got < want * 1.12, f"{word}: {got} bytes touched, {want} filled")


if __name__ == "__main__":
	main({"arenas": arenas, "article": article, "line_table": line_table, "stacks": stacks, "unknown": unknown})
