# SPDX-License-Identifier: GPL-2.0-or-later
"""--types: kinds of objects, counted from outside, against what Python says of itself."""

import json
import os
import subprocess
import time

from harness import MEMTOP, MIB, PAGE, Skipped, Target, expect, main, raise_errors, status_of
from python import SCRIPTS, interpreter



def look(pid, *args, status=0):
	"""The document of one look at a process."""
	done = subprocess.run([MEMTOP, "--types", "-p", str(pid), "--json", *args], text=True,
			      capture_output=True, timeout=100)
	expect(done.returncode == status, f"exit status {done.returncode}: {done.stderr}")
	return json.loads(done.stdout) if status == 0 else done.stderr


def identity_errors(document):
	"""What must hold in every document, whatever the target does."""
	for row in document["types"] + [dict(document["total"], type="(all)")]:
		where = row["resident"] + row["swapped"] + row["phantom"]
		if row["size"] != where or row["phantom"] != row["untouched"] + row["zero"]:
			yield f"{row['type']}: {row['size']} bytes are not {where}"
		if row["tracked"] > row["count"] or row["tracked_size"] > row["size"]:
			yield f"{row['type']}: more tracked than there are"
	for key in ("count", "tracked", "size", "resident", "swapped", "phantom"):
		if sum(r[key] for r in document["types"]) != document["total"][key]:
			yield f"the rows' {key} is not the total's"


def near(got, want):
	return abs(got - want) <= want / 100


def truth_errors(rows, truth):
	tracked = [t for t in truth if t["how"] == "tracked"]
	largest = sorted(tracked, key=lambda t: -t["count"])[:10]
	for t in [t for t in tracked if t["count"] >= 300] + largest:
		row = rows.get(t["type"], {"tracked": 0, "tracked_size": 0})
		if not near(row["tracked"], t["count"]):
			yield f"{t['type']}: {row['tracked']} tracked, not {t['count']}"
		# of a frame, and what has one in it, the block counts
		bound = t["bytes"] / (5 if t["type"] in ("frame", "generator") else 100)
		if abs(row["tracked_size"] - t["bytes"]) > bound:
			yield f"{t['type']}: {row['tracked_size']} bytes tracked, not {t['bytes']}"
	for t in [t for t in truth if t["how"] == "made"]:
		row = rows.get(t["type"], {"count": 0, "size": 0})
		if row["count"] < t["count"] * .999 or row["size"] < t["bytes"] * .99:
			yield f"{t['type']}: {row['count']} of {row['size']} bytes, not {t}"
		# nobody else has any to speak of
		if t["type"] in ("float", "complex", "bytearray", "array.array") and not (
		   near(row["count"], t["count"]) and near(row["size"], t["bytes"])):
			yield f"{t['type']}: {row['count']} of {row['size']} bytes, not {t}"


def kinds(version, *env):
	python = interpreter(version)
	target = Target([python, os.path.join(SCRIPTS, "objects.py")],
			env=dict(os.environ, **dict(e.split("=") for e in env)))
	truth = target.run()
	document = look(target.pid)
	raise_errors(identity_errors(document))
	rows = {row["type"]: row for row in document["types"]}
	raise_errors(truth_errors(rows, truth))
	expect(document["skipped"]["changed"] == 0, f"skipped: {document['skipped']}")
	print(f"{os.path.basename(python)}: {document['total']['count']} objects")
	return document


def other_blocks():
	"""What is in use in arenas is told apart: objects, their tables, and little else."""
	document = kinds("debian")
	small = document["small_objects"]
	expect(small["other_bytes"] < small["used"] / 20, f"{small}")


def no_pools():
	"""PYTHONMALLOC=malloc: there are no arenas, what the collector tracks is found all the same."""
	python = interpreter("debian")
	target = Target([python, os.path.join(SCRIPTS, "objects.py")],
			env=dict(os.environ, PYTHONMALLOC="malloc"))
	truth = target.run()
	document = look(target.pid)
	raise_errors(identity_errors(document))
	expect("small_objects" not in document, "arenas where there are none")
	rows = {row["type"]: row for row in document["types"]}
	raise_errors(truth_errors(rows, truth))


def churn(version):
	"""A target that runs on: every look ends, adds up, and says what it could not count."""
	target = Target([interpreter(version), os.path.join(SCRIPTS, "objects.py"), "churn"])
	target.run()
	changed = 0
	for _ in range(15):
		document = look(target.pid)
		raise_errors(identity_errors(document))
		rows = {row["type"]: row for row in document["types"]}
		# these do not change
		expect(near(rows["__main__.Plain"]["count"], 20000), f"{rows['__main__.Plain']}")
		expect(near(rows["float"]["count"], 50000), f"{rows['float']}")
		changed += document["skipped"]["changed"]
		expect(target.child.poll() is None, "the target ended")
	expect(changed > 0, "nothing ever changed while it was looked at")
	text = subprocess.run([MEMTOP, "--types", "-p", str(target.pid)], text=True,
			      capture_output=True, timeout=100).stdout
	expect("(all)" in text, text)


def gone():
	"""The target ends while it is looked at: a sentence or a table, never a crash."""
	for delay in (0, .005, .01, .02, .05, .1):
		target = Target([interpreter("debian"), os.path.join(SCRIPTS, "objects.py")])
		target.run()
		memtop = subprocess.Popen([MEMTOP, "--types", "-p", str(target.pid)], text=True,
					  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		time.sleep(delay)
		target.child.kill()
		out, err = memtop.communicate(timeout=60)
		expect(memtop.returncode in (0, 5) and (out or err),
		       f"exit status {memtop.returncode}: {err}")


def swapped():
	"""What is in swap stays there, and is told."""
	target = Target([interpreter("debian"), os.path.join(SCRIPTS, "objects.py"), "swap"])
	target.run()
	before = status_of(target.pid)["VmSwap"]
	if before < 20 * MIB:
		raise Skipped(f"the kernel swapped only {before} bytes")
	document = look(target.pid)
	after = status_of(target.pid)["VmSwap"]
	expect(after >= before - 16 * PAGE, f"{before - after} bytes came back from swap")
	raise_errors(identity_errors(document))
	skipped = document["skipped"]
	expect(skipped["swapped_bytes"] > 5 * MIB, f"{skipped}")
	expect(abs(skipped["swapped_memory"] - before) < MIB, f"swap is {before}: {skipped}")
	expect(0 < document["total"]["swapped"] <= before, f"{document['total']}")
	text = subprocess.run([MEMTOP, "--types", "-p", str(target.pid)], text=True,
			      capture_output=True, timeout=100).stdout
	expect("in swap, and staying there" in text, text)


def arrays():
	"""The article's arrays: written, never touched and read, then in swap; all numpy.ndarray."""
	try:
		target = Target(["/usr/bin/python3", os.path.join(SCRIPTS, "article.py")])
	except Exception:
		raise Skipped("python3-numpy is not installed") from None
	size = 64 * MIB
	target.run()
	row = next(r for r in look(target.pid)["types"] if r["type"] == "numpy.ndarray")
	# what begins in a page before its own shares that
	expect(0 <= row["size"] - 3 * size < MIB and 0 <= row["resident"] - size < MIB and
	       0 <= size - row["zero"] <= PAGE and 0 <= size - row["untouched"] <= PAGE, f"{row}")
	target.run()
	swap = status_of(target.pid)["VmSwap"]
	if swap < 60 * MIB:
		raise Skipped(f"the kernel swapped only {swap} bytes of {size}")
	row = next(r for r in look(target.pid)["types"] if r["type"] == "numpy.ndarray")
	expect(abs(row["swapped"] - swap) <= MIB, f"swap is {swap}: {row}")


def interpreters():
	"""Those of sub-interpreters as well (to 3.11 they share an allocator), and they are said."""
	target = Target([interpreter("debian"), "-c", "import sys, _xxsubinterpreters as s\n"
			 "kept = [s.create() for _ in range(3)]\nfor i in kept:\n"
			 "\ts.run_string(i, 'keep = [{n: n} for n in range(4000)]')\n"
			 "print('READY', flush=True)\nsys.stdin.readline()"])
	document = look(target.pid)
	raise_errors(identity_errors(document))
	expect(document["interpreters"] == 4 and document["skipped"]["changed"] == 0, f"{document}")
	rows = {row["type"]: row for row in document["types"]}
	expect(12000 <= rows["dict"]["count"] < 24000, f"{rows['dict']}")
	text = subprocess.run([MEMTOP, "--types", "-p", str(target.pid)], text=True,
			      capture_output=True, timeout=100).stdout
	expect("there are 4 interpreters" in text, text)


def no_python():
	target = Target("phantom", wait=None)
	why = look(target.pid, status=1)
	expect("runs no CPython" in why and str(target.pid) in why, why)
	expect("there is no process" in look(target.pid + 4000000, status=5), "another sentence")
	done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", MEMTOP, "--types", "-p",
			       str(target.pid)], text=True, capture_output=True)
	if done.returncode != 126 and done.returncode != 127:	# nobody can run it
		expect(done.returncode == 3 and "as root" in done.stderr and not done.stdout, f"{done}")


if __name__ == "__main__":
	main({"arrays": arrays, "churn": churn, "gone": gone, "interpreters": interpreters,
	      "kinds": kinds, "no_pools": no_pools, "no_python": no_python,
	      "other_blocks": other_blocks, "swapped": swapped})
