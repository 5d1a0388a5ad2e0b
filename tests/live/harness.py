# SPDX-License-Identifier: GPL-2.0-or-later
"""How a live test is driven: a target and a memtop, each a child of the test and ended with it.

A test is a function of the scripts beside this file; bats calls it by name.  It returns when it
passed, raises Failed when it did not, and Skipped (exit status 77) where the machine cannot do it.
"""

import atexit
import ctypes
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time

import check

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MEMTOP = os.environ.get("MEMTOP", os.path.join(ROOT, "memtop"))
PROGRAMS = os.environ.get("PROGRAMS", os.path.join(ROOT, "build", "programs"))
PAGE = 4096
MIB = 1 << 20
GIB = 1 << 30

children = []


class Failed(Exception):
	pass


class Skipped(Exception):
	pass


def expect(condition, message):
	if not condition:
		raise Failed(message)


def program(name):
	path = os.path.join(PROGRAMS, name)
	if not os.path.exists(path):
		raise Skipped(f"{name} is not built: its compiler or library is missing")
	return path


def spawn(args, **options):
	"""A child that does not outlive the test, whatever becomes of it."""
	pdeathsig = ctypes.CDLL(None).prctl
	child = subprocess.Popen(args, preexec_fn=lambda: pdeathsig(1, signal.SIGKILL), **options)
	children.append(child)
	return child


def end_children():
	for child in children:
		if child.poll() is None:
			child.kill()
			child.wait()


atexit.register(end_children)


class Lines:
	"""A child's output, line by line, each wait with a limit."""

	def __init__(self, stream):
		self.queue = queue.Queue()
		self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
		self.thread.start()

	def _read(self, stream):
		for line in stream:
			self.queue.put(line)
		self.queue.put(None)

	def next(self, timeout):
		"""The next line, or None at the end; Failed when there is none in time."""
		try:
			return self.queue.get(timeout=timeout)
		except queue.Empty:
			raise Failed(f"no output within {timeout} s") from None


class Target:
	"""A program of tests/programs (or one that talks as they do)."""

	def __init__(self, args, wait="READY", **options):
		args = [args] if isinstance(args, str) else list(args)
		if "/" not in args[0]:
			args[0] = program(args[0])
		self.child = spawn(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
				   bufsize=1, **options)
		self.lines = Lines(self.child.stdout)
		self.pid = self.child.pid
		if wait:
			self.until(wait)

	def until(self, word, timeout=60):
		"""Reads up to the line `word`; the JSON lines before it, as the target's truth."""
		truth = []
		while True:
			line = self.lines.next(timeout)
			expect(line is not None, f"the target ended before it said {word}: "
			       f"{self.child.poll()}")
			if line.strip() == word:
				return truth
			if line.startswith("{"):
				truth.append(json.loads(line))

	def go(self, line=""):
		self.child.stdin.write(line + "\n")
		self.child.stdin.flush()

	def run(self, word="REST", timeout=60):
		self.go()
		return self.until(word, timeout)

	def finish(self):
		"""Lets it end by itself; its exit status."""
		self.go()
		return self.child.wait(20)


class Memtop:
	"""A memtop that measures, its documents as they come."""

	def __init__(self, args, delay=0.1, attach=True, wait=20):
		self.stderr = tempfile.TemporaryFile("w+")
		self.child = spawn([MEMTOP, *map(str, args), "--json", "-b", "-d", str(delay)],
				   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
				   stderr=self.stderr)
		self.lines = Lines(self.child.stdout)
		self.documents = []
		if attach:
			self.next(wait)

	def errors(self):
		self.stderr.seek(0)
		return self.stderr.read().strip()

	def next(self, timeout=60):
		line = self.lines.next(timeout)
		if line is None:
			status = self.child.wait(10)
			raise Failed(f"memtop ended with {status}: {self.errors()}")
		self.documents.append(json.loads(line))
		return self.documents[-1]

	def fresh(self, lost=False, checked=True, rest=False):
		"""A document that was measured wholly after this call began; rest: its targets are."""
		now = time.time_ns()
		while self.next()["time_ns"] <= now:
			pass
		d = self.next()
		if checked:
			raise_errors(check.document_errors(d, lost))
		if rest:
			raise_errors(check.rest_errors(d))
		return d

	def stop(self, how=signal.SIGINT, status=0, timeout=30):
		"""Ends it, checks everything it wrote meanwhile and how it ended."""
		self.child.send_signal(how)
		return self.ended(status, timeout)

	def ended(self, status=0, timeout=30):
		allowed = status if isinstance(status, tuple) else (status,)
		try:
			got = self.child.wait(timeout)
		except subprocess.TimeoutExpired:
			raise Failed(f"memtop had not ended after {timeout} s") from None
		while (line := self.lines.next(30)) is not None:
			self.documents.append(json.loads(line))
		expect(got in allowed, f"memtop's exit status is {got}, not {status}: {self.errors()}")
		return got


def raise_errors(errors, limit=15):
	errors = list(errors)
	if len(errors) > limit:
		errors[limit:] = [f"… and {len(errors) - limit} more"]
	if errors:
		raise Failed("\n".join(errors))


def blame(stack, names):
	"""The innermost function of a stack that is one of names."""
	for f in stack.get("frames", []):
		if f.get("function") in names:
			return f["function"]
	return None


def sums(document, names, pid=None):
	"""Figures per function: each stack goes to its innermost function in names, else to None."""
	total = {}
	for s in document["stacks"]:
		if s["kind"] == "before_attach" or (pid is not None and s["pid"] != pid):
			continue
		row = total.setdefault(blame(s, names), {})
		for key, value in s.items():
			if isinstance(value, int) and key not in ("pid", "thread"):
				row[key] = row.get(key, 0) + value
	return total


KEYS = {"bytes": "allocated"}


def truth_errors(document, truth, pid=None, others=0):
	"""
	Each difference between what a target did and what memtop says.

	others: bytes that functions outside the truth may hold (what the C library keeps).
	"""
	names = {t["function"] for t in truth}
	got = sums(document, names, pid)
	for t in truth:
		row = got.get(t["function"], {})
		slack = t.get("slack", 0)
		for key, want in t.items():
			if key in ("function", "slack", "pid"):
				continue
			have = row.get(KEYS.get(key, key), 0)
			allowed = slack if key not in ("bytes", "count") else 0
			if abs(have - want) > allowed:
				yield f"{t['function']}: {key} is {have}, should be {want}"
	rest = got.get(None, {})
	if rest.get("allocated", 0) > others:
		where = [[f.get("function") for f in s["frames"][:6]] for s in document["stacks"]
			 if s["allocated"] and s["kind"] != "before_attach" and
			 blame(s, names) is None and (pid is None or s["pid"] == pid)]
		yield f"{rest['allocated']} bytes belong to no known function: {where[:5]}"


def expect_truth(document, truth, pid=None, others=0):
	expect(truth, "the target told no truth")
	raise_errors(truth_errors(document, truth, pid, others))


def status_of(pid):
	"""/proc/PID/status as a dict, sizes in bytes."""
	fields = {}
	with open(f"/proc/{pid}/status") as f:
		for line in f:
			key, _, value = line.partition(":")
			words = value.split()
			fields[key] = int(words[0]) * 1024 if words[1:] == ["kB"] else value.strip()
	return fields


def rollup(pid):
	"""/proc/PID/smaps_rollup as a dict of bytes."""
	fields = {}
	with open(f"/proc/{pid}/smaps_rollup") as f:
		for line in f:
			words = line.split()
			if words[-1] == "kB":
				fields[words[0].rstrip(":")] = int(words[1]) * 1024
	return fields


def expect_warning(document, pid, words):
	warnings = process_of(document, pid).get("warnings", [])
	expect(len(warnings) == 1 and words in warnings[0], f"it says: {warnings}")


def freeze(pid):
	"""SIGSTOP, and waits until every thread has stopped."""
	os.kill(pid, signal.SIGSTOP)
	for _ in range(1000):
		states = []
		for tid in os.listdir(f"/proc/{pid}/task"):
			with open(f"/proc/{pid}/task/{tid}/stat") as f:
				states.append(f.read().rsplit(")", 1)[1].split()[0])
		if all(s in "Tt" for s in states):
			return
		time.sleep(0.005)
	raise Failed(f"{pid} does not stop")


def expect_accounts(memtop, pid):
	"""At rest: the accounts of pid add up to the kernel's Rss.  Returns the document."""
	freeze(pid)
	try:
		document = memtop.fresh(rest=True)
		kernel = rollup(pid)["Rss"]
		after = memtop.fresh(rest=True)
	finally:
		os.kill(pid, signal.SIGCONT)
	for d in (document, after):
		p = process_of(d, pid)
		total = sum(p["rss_accounts"].values())
		expect(abs(total - kernel) <= kernel / 100,
		       f"accounts add up to {total}, smaps says Rss {kernel}: {p['rss_accounts']}")
		expect(p["rss_accounts"]["other"] <= kernel / 20,
		       f"too much has no name: {p['rss_accounts']}")
	return document


def bpf_ids(pid):
	"""The BPF programs and links that a process holds, as ("prog", id) and ("link", id)."""
	held = set()
	try:
		for fd in os.listdir(f"/proc/{pid}/fdinfo"):
			with open(f"/proc/{pid}/fdinfo/{fd}") as f:
				for line in f:
					key, _, value = line.partition(":")
					if key in ("prog_id", "link_id"):
						held.add((key[:4], int(value)))
	except OSError:
		pass	# it ended meanwhile
	return held


def link_types(pid):
	types = []
	for fd in os.listdir(f"/proc/{pid}/fdinfo"):
		with open(f"/proc/{pid}/fdinfo/{fd}") as f:
			types += [line.split()[1] for line in f if line.startswith("link_type")]
	return types


def process_of(document, pid):
	for p in document["processes"]:
		if p["pid"] == pid:
			return p
	raise Failed(f"process {pid} is not in the document: "
		     f"{[(p['pid'], p['comm']) for p in document['processes']][:20]}")


def main(tests):
	"""Runs the test named on the command line with the arguments that follow."""
	name, args = sys.argv[1], sys.argv[2:]
	try:
		if os.geteuid() != 0:
			raise Skipped("not root")
		tests[name](*args)
	except Skipped as why:
		print(f"skipped: {why}")
		sys.exit(77)
	except Failed as why:
		print(f"{name} {' '.join(args)}:\n{why}")
		sys.exit(1)
