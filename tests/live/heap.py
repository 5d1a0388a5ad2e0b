#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocations counted exactly: kinds, random operations, allocators, threads, forks."""

import shutil

from harness import *


def truth(name, others="0"):
	"""A program that tells its truth: zero difference, stack by stack."""
	target = Target(name.split(","))
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	expect_truth(memtop.fresh(rest=True), told, others=int(others))
	memtop.stop()
	expect(target.finish() == 0, "the target did not end well")


def throwing_new(name):
	"""
	An allocator with an operator new of its own, which may throw: exact, and nothing is left out.
	A return probe on it would end the program; it throws, catches, and lives.
	"""
	target = Target(name.split(","))
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	expect_truth(memtop.fresh(rest=True), told)
	expect("is not counted" not in memtop.errors(), f"left out: {memtop.errors()}")
	memtop.stop()
	expect(target.finish() == 0, "the target did not end well")


def copies(directory, name):
	"""The program and the jemalloc that it uses, copied; the environment by which it finds that."""
	path = program(name)
	used = [line.split()[2] for line in subprocess.run(["ldd", path], capture_output=True, text=True,
							    check=True).stdout.splitlines()
		if "jemalloc" in line]
	expect(used, f"{name} does not use jemalloc")
	shutil.copy(path, directory)
	shutil.copy(used[0], directory)
	return os.path.join(directory, name), {**os.environ, "LD_LIBRARY_PATH": directory}


def deleted(name):
	"""The program and its allocator's library are deleted when memtop comes."""
	with tempfile.TemporaryDirectory() as directory:
		path, environment = copies(directory, name)
		target = Target([path], env=environment)
	expect(not os.path.exists(path), "it is there still")
	expect_exact(target)


def contained(name):
	"""The program and its allocator's library are in a mount namespace that memtop is not in."""
	with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as source:
		copies(source, name)
		script = f"mount -t tmpfs none {directory} && cp {source}/* {directory} && " \
			f"LD_LIBRARY_PATH={directory} exec {directory}/{name}"
		target = Target(["/usr/bin/unshare", "--mount", "sh", "-c", script])
		expect(not os.listdir(directory), "memtop sees the files, too")
		expect_exact(target)
		target.child.kill()
		target.child.wait()


def written_to(name):
	"""The library of a target's allocator is written to: its process says that this is not counted."""
	with tempfile.TemporaryDirectory() as directory:
		path, environment = copies(directory, name)
		target = Target([path], env=environment)
		memtop = Memtop(["-p", target.pid])
		target.run()
		expect("warnings" not in process_of(memtop.fresh(), target.pid), "warned too early")
		files = [f for f in os.listdir(directory) if "jemalloc.so" in f]
		with open(os.path.join(directory, files[0]), "r+b") as f:
			first = f.read(1)
			f.seek(0)
			f.write(first)
		expect_warning(memtop.fresh(), target.pid, "was written to")
		memtop.stop()


def expect_exact(target):
	"""What the target says of itself is what memtop says of it; memtop's document."""
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	document = memtop.fresh(rest=True)
	expect_truth(document, told)
	memtop.stop()
	return document


def without_cfi(name):
	"""
	A C library without unwind information (musl): no stack can be walked through its code.

	Functions that call the allocator themselves are exact; the others in sum, as stacks that
	say that they end there.
	"""
	target = Target(name)
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	document = memtop.fresh(rest=True)
	seen = sums(document, {t["function"] for t in told})
	inner = [t for t in told if t["function"] not in seen]
	expect(len(inner) < len(told) / 2, f"too few functions are seen: {sorted(map(str, seen))}")
	expect_truth(document, [t for t in told if t not in inner], others=GIB)
	ended = [s for s in document["stacks"] if s["kind"] != "before_attach" and s["allocated"] and
		 blame(s, set(seen) - {None}) is None]
	expect(all(s["end"] == "no_rows" for s in ended), "a stack hides that it is cut off")
	have, want = sum(s["allocated"] for s in ended), sum(t["bytes"] for t in inner)
	expect(have == want, f"stacks through musl hold {have} bytes, should be {want}")
	memtop.stop()


def lost_rbp():
	"""A stack that cannot be told further says so: it is not taken for one that is whole."""
	document = expect_exact(Target("lost_rbp"))
	stack = next(s for s in document["stacks"] if blame(s, {"lost_keep"}))
	names = [f.get("function") for f in stack["frames"]]
	expect(names[-3:] == ["lost_keep", "loses", "framed"], f"the frames are {names}")
	expect(stack["end"] == "no_rows", f"the stack ends with {stack['end']}")


def oracle(name, operations, threads, seed):
	"""Random operations against the target's own count: bytes, blocks, totals and calls."""
	target = Target([name, operations, threads, seed])
	memtop = Memtop(["-p", target.pid], delay=0.5)
	told = target.run(timeout=100)
	expect(len(told) == 64, f"{len(told)} functions in place of 64")
	document = memtop.fresh(rest=True)
	expect_truth(document, told)
	p = process_of(document, target.pid)
	expect(p["allocated"] == sum(t["bytes"] for t in told), "the process's sum differs")
	memtop.stop()
	expect(target.finish() == 0, "the target did not end well")


def threads():
	"""Short-lived threads leave their blocks; those that stay have rows of their own."""
	target = Target(["threads", "20"])
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	document = memtop.fresh(rest=True)
	# what pthread_create() maps and callocs for a thread is not the truth's business
	expect_truth(document, [t for t in told if "function" in t], others=GIB)
	for t in told:
		if "thread" not in t:
			continue
		own = [s for s in document["stacks"]
		       if s.get("thread") == t["thread"] and blame(s, {"stay_block"})]
		have = sum(s["allocated"] for s in own)
		expect(have == t["bytes"], f"thread {t['thread']} has {have}, not {t['bytes']}")
	stacks = process_of(document, target.pid)["rss_accounts"]["stacks"]
	expect(4 * 256 * 1024 <= stacks <= 4 * 256 * 1024 + 2 * MIB,
	       f"the threads' stacks hold {stacks} bytes")
	memtop.stop()


def forks():
	"""A fork leaves the parent as it was; child and exec count their own."""
	target = Target("forks")
	memtop = Memtop(["-n", "forks"])
	told = target.run()
	for word in ("CHILD", "EXEC"):
		if not any(t["function"].startswith(word.lower()) for t in told):
			told += target.until(word)
	time.sleep(0.1)
	document = memtop.fresh(rest=True)
	pids = {t["pid"] for t in told}
	expect(len(pids) == 3, f"truths of {len(pids)} processes")
	for pid in pids:
		# exec: what the loader and C library allocate before main
		expect_truth(document, [t for t in told if t["pid"] == pid], pid,
			     others=0 if pid == target.pid else 256 * 1024)
	memtop.stop()


def fork_unfollowed():
	"""With -p only the parent is measured, and it is as if it had never forked."""
	target = Target("forks")
	memtop = Memtop(["-p", target.pid])
	told = [t for t in target.run() if t["pid"] == target.pid]
	document = memtop.fresh(rest=True)
	expect_truth(document, told, target.pid)
	expect({p["pid"] for p in document["processes"]} == {target.pid},
	       "other processes than the one asked for are shown")
	memtop.stop()


def peak():
	"""At the peak each stack holds its share, though all is freed again by then."""
	target = Target("peak")
	document = expect_exact(target)
	total = sum(s.get("at_peak", 0) for s in document["stacks"])
	p = process_of(document, target.pid)
	expect(total == p["peak_allocated"],
	       f"stacks at the peak add up to {total}, the peak was {p['peak_allocated']}")


main(globals())
