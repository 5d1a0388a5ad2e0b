# SPDX-License-Identifier: GPL-2.0-or-later
"""Python's frames: what memtop sees from outside equals what Python says of itself."""

import ctypes
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


def stack_errors(document, truth, depth=100):
	"""What differs; of stacks that were cut, depth frames are enough."""
	whole, cut = held(document)
	for t in truth:
		frames = tuple(tuple(f) for f in t["frames"])
		got = whole.pop(frames, None)
		if got is None:	# the native frames were too many, the Python frames are all there
			got = cut.pop(frames, None)
		if got is None and len(frames) > depth:
			known = [k for k in cut if frames[:len(k)] == k and len(k) >= depth]
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


def push_to_swap(pid):
	"""All private memory of a process, as far as the kernel likes."""
	class Range(ctypes.Structure):
		_fields_ = [("start", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]

	process_madvise, pidfd_open, pageout = 440, 434, 21
	call = ctypes.CDLL(None).syscall
	fd = call(pidfd_open, pid, 0)
	with open(f"/proc/{pid}/maps") as maps:
		for words in map(str.split, maps):
			if words[1] == "rw-p" and words[5:] in ([], ["[heap]"]):
				start, end = (int(word, 16) for word in words[0].split("-"))
				call(process_madvise, fd, ctypes.byref(Range(start, end - start)),
				     ctypes.c_size_t(1), pageout, 0)
	os.close(fd)


def swapped(version):
	"""Names and line tables that are in swap when their functions are met."""
	target = Target([interpreter(version), os.path.join(SCRIPTS, "swapped.py")])
	memtop = Memtop(["-p", target.pid])
	push_to_swap(target.pid)
	swap = status_of(target.pid)["VmSwap"]
	if swap < 4 * MIB:
		raise Skipped(f"the kernel swapped only {swap} bytes")
	truth = target.run()
	expect(len(truth) == 300, f"{len(truth)} stacks")
	document = memtop.fresh(rest=True)
	memtop.stop()
	raise_errors(stack_errors(document, truth))


def perf_map(version):
	"""-X perf: a call of a function runs in code made for it, which /tmp/perf-PID.map names."""
	path = os.path.join(SCRIPTS, "stacks.py")
	target = Target([interpreter(version), "-X", "perf", path])
	try:
		memtop = Memtop(["-p", target.pid])
		truth = target.run()
		document = memtop.fresh(rest=True)
		memtop.stop()
	finally:
		if os.path.exists(f"/tmp/perf-{target.pid}.map"):
			os.unlink(f"/tmp/perf-{target.pid}.map")
	# three native frames for each of Python: 128 are soon reached
	raise_errors(stack_errors(document, truth, depth=30))
	missing = named = 0
	for s in document["stacks"]:
		names = [f.get("function") or "" for f in s["frames"] if f["language"] == "native"]
		for f in s["frames"]:
			if s["end"] != "root" or f["language"] != "python" or f.get("file") != path:
				continue
			found = f"py::{f['function']}:{path}" in names
			named += found
			missing += not found
	expect(named > 200 and missing <= named / 50, f"{named} frames have their code's name, "
	       f"{missing} have not")


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
	expect("does not know" in document["processes"][0]["warnings"][0], "no warning")
	memtop.stop()


def interpreters():
	"""Sub-interpreters are recognised, and said, once there are some."""
	target = Target([interpreter("debian"), "-c", "import sys, _xxsubinterpreters as s\n"
			 "print('READY', flush=True)\nsys.stdin.readline()\n"
			 "keep = bytearray(54321)\nprint('REST', flush=True)\nsys.stdin.readline()\n"
			 "i = s.create()\ns.run_string(i, 'more = bytearray(65432)')\n"
			 "print('REST', flush=True)\nsys.stdin.readline()"])
	memtop = Memtop(["-p", target.pid])
	target.run()
	document = memtop.fresh(rest=True)
	expect("warnings" not in document["processes"][0], f"{document['processes'][0]}")
	target.run()
	document = memtop.fresh(rest=True)
	expect("sub-interpreters" in document["processes"][0]["warnings"][0], "no warning")
	expect("sub-interpreters" in memtop.errors(), f"it said: {memtop.errors()}")
	# the bytes of both are counted
	for size in (54322, 65433):
		rows = [s for s in document["stacks"] if s["allocated"] == size]
		expect(len(rows) == 1, f"{len(rows)} stacks hold {size} bytes")
	memtop.stop()
	table = subprocess.run([MEMTOP, "-p", str(target.pid), "-b", "-d", "1", "-i", "1"], text=True,
			       capture_output=True, timeout=60).stdout
	expect("note: it has sub-interpreters" in table, table)


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


def table_of(args, target):
	"""What memtop prints of a target that is let go once it is attached."""
	with tempfile.TemporaryFile("w+") as out:
		memtop = subprocess.Popen([MEMTOP, "-p", str(target.pid), "-b", "--bytes", "-d", "4",
					   "-i", "1", *args], stdout=out)
		# nothing is printed before the table: its links tell that it is attached
		for _ in range(100):
			if attached(memtop.pid):
				break
		# the interpreter is recognised right after
		time.sleep(1)
		target.run()
		expect(memtop.wait(30) == 0, "memtop failed")
		out.seek(0)
		return out.read()


def line_table():
	"""The table that memory_profiler's users know, with the source beside the figures."""
	path = os.path.join(SCRIPTS, "stacks.py")
	target = Target(["/usr/bin/python3", path])
	text = table_of(["-g", "line"], target)
	line = line_of(path, "KEEP[next(NEXT)] = (stack()")
	rows = [row for row in text.splitlines() if f"stacks.py:{line} " in row]
	expect(len(rows) == 1, f"{len(rows)} rows for line {line}:\n{text}")
	expect("KEEP[next(NEXT)] = (stack(), size, bytearray(size))" in rows[0], rows[0])
	figures = [int(word) for word in re.findall(r"\d+", rows[0])[:6]]
	expect(figures[0] == sum(figures[1:4]) and figures[4] >= 300 and figures[5] >= figures[4],
	       f"{figures}: {rows[0]}")


SOURCE = '''
import sys
import textwrap

def grow(n):
	return textwrap.dedent("x" * n)		# asks by way of another file

sys.stdin.readline()
kept = [
	grow(1 << 20)
	for i in range(8)
]
more = bytearray(3 << 20)
print("REST", flush=True)
sys.stdin.readline()
'''


def hidden_target(directory):
	"""A script that only its own mount namespace has."""
	script = (f"mount -t tmpfs none {directory} && cp /dev/fd/3 {directory}/hidden.py && "
		  f"exec /usr/bin/python3 {directory}/hidden.py")
	with tempfile.TemporaryFile("w+") as source:
		source.write(SOURCE)
		source.flush()
		source.seek(0)
		os.dup2(source.fileno(), 3)
		target = Target(["/usr/bin/unshare", "--mount", "sh", "-c", script], wait=None,
				pass_fds=[3])
		for _ in range(100):
			if open(f"/proc/{target.pid}/comm").read() == "python3\n":
				break
			time.sleep(.05)
		time.sleep(.3)
	return target


def figures_at(text, source):
	rows = [row for row in text.splitlines() if source in row]
	expect(len(rows) == 1, f"{len(rows)} rows of {source}:\n{text}")
	return [int(word) for word in rows[0].split()[:7]]


def source():
	"""Source beside figures, of a file in the target's mount namespace; a whole file, annotated."""
	with tempfile.TemporaryDirectory() as directory:
		text = table_of(["-g", "line", "-N", "0"], hidden_target(directory))
		row = figures_at(text, "more = bytearray(3 << 20)")
		expect(3 * MIB <= row[0] <= 3 * MIB + PAGE, text)
		text = table_of(["--source", "hidden.py"], hidden_target(directory))
		row = figures_at(text, "more = bytearray(3 << 20)")
		expect(3 * MIB <= row[0] == sum(row[1:4]) <= 3 * MIB + PAGE and row[5] >= 1, text)
		# each allocation that textwrap makes is this line's
		row = figures_at(text, "return textwrap.dedent")
		expect(8 * MIB <= row[0] == sum(row[1:4]) < 9 * MIB and row[4] >= 8, text)
		expect(len(re.findall(r"^ +[0-9]+  ", text, re.M)) >= 3, text)
		# the lines in all, and what is elsewhere, are the process's
		allocated = int(re.search(r"allocated (\d+) =", text).group(1))
		parts = [r for r in ("all lines above", "what does not come from this file")
			 if r in text]
		expect(sum(figures_at(text, p)[0] for p in parts) == allocated, text)


def source_of_recording():
	with tempfile.TemporaryDirectory() as directory:
		path, db = os.path.join(directory, "script.py"), os.path.join(directory, "r.db")
		with open(path, "w") as f:
			f.write(SOURCE)
		done = subprocess.run([MEMTOP, "record", "-q", "-d", "0.2", "-o", db, "--", "sh", "-c",
				       f"(sleep 2; echo; sleep 2) | exec /usr/bin/python3 {path}"],
				      stdout=subprocess.DEVNULL, timeout=60)
		expect(done.returncode in (0, 6), f"record: {done.returncode}")
		done = subprocess.run([MEMTOP, "report", db, "--at", "end", "--bytes", "--source",
				       "script.py"], text=True, capture_output=True)
		row = figures_at(done.stdout, "more = bytearray(3 << 20)")
		expect(row[5] >= 1, done.stdout)
		done = subprocess.run([MEMTOP, "report", db, "--source", "nothing.py"], text=True,
				      capture_output=True)
		expect(done.returncode == 1 and not done.stdout and
		       "no line of nothing.py" in done.stderr, done.stderr)


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
	main({"arenas": arenas, "article": article, "interpreters": interpreters, "line_table": line_table,
	      "perf_map": perf_map, "source": source, "source_of_recording": source_of_recording,
	      "stacks": stacks, "swapped": swapped, "unknown": unknown})
