# SPDX-License-Identifier: GPL-2.0-or-later
"""What Python programs do all day, each for some hundredths of a second; tells the CPU time of each.

tools/bench/python runs it and sends it lines: how often each is to be done, and who is to watch from
within: "tracemalloc", "memory_profiler" (each line), or nobody.  It answers each line with the times
as JSON.  One process for all: two differ by more than what is measured.
"""

import json
import random
import re
import sqlite3
import sys
import time
import tracemalloc


def documents():
	data = [{"id": i, "name": f"name {i}", "tags": ["a", "b", i]} for i in range(2000)]
	for _ in range(12):
		data = json.loads(json.dumps(data))


def expressions():
	text = " ".join(f"key{i}=value{i}" for i in range(3000))
	for _ in range(25):
		re.sub(r"\d+", "#", text)
		re.findall(r"(\w+)=(\w+)", text)


class Body:
	def __init__(self, x, v):
		self.x = x
		self.v = v


def numbers():
	bodies = [Body(random.random(), 0.0) for _ in range(40)]
	for _ in range(300):
		for a in bodies:
			for b in bodies:
				a.v += (b.x - a.x) * 0.001
		for a in bodies:
			a.x += a.v * 0.01


def containers():
	for _ in range(15):
		table = {}
		for i in range(10000):
			table.setdefault(i % 997, []).append((i, str(i)))
		sorted(table.items(), key=lambda item: -len(item[1]))


def strings():
	for _ in range(40):
		words = [f"word{i}" for i in range(4000)]
		",".join(words).upper().split(",")


def calls(n=19):
	return n if n < 2 else calls(n - 1) + calls(n - 2)


def recursion():
	for _ in range(50):
		calls()


def databases():
	db = sqlite3.connect(":memory:")
	db.execute("create table t (a integer, b text)")
	for _ in range(5):
		db.executemany("insert into t values (?, ?)", ((i, f"row {i}") for i in range(6000)))
		db.execute("select a, b from t order by b").fetchall()


def buffers():
	"""Each a call of malloc and one of free, and little else."""
	for _ in range(100000):
		bytearray(5000)


WORK = [documents, expressions, numbers, containers, strings, recursion, databases, buffers]


def watched(work, watcher):
	if watcher != "memory_profiler":
		return work
	import memory_profiler
	return memory_profiler.LineProfiler()(work)


def turn(often, watcher):
	times = {}
	if watcher == "tracemalloc":
		tracemalloc.start()
	for work in WORK:
		run = watched(work, watcher)
		start = time.process_time()
		for _ in range(often):
			run()
		times[work.__name__] = (time.process_time() - start) / often
	tracemalloc.stop()
	return times


def main():
	random.seed(1)
	print("ready", flush=True)
	for line in sys.stdin:
		often, watcher = line.split()
		print(json.dumps(turn(int(often), watcher)), flush=True)


main()
