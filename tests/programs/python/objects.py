# SPDX-License-Identifier: GPL-2.0-or-later
"""Has objects of many kinds, and tells what gc.get_objects() and sys.getsizeof() say of them.

Talks as the programs in tests/programs do.  A line of truth is {"type", "count", "bytes", "how"}:
"tracked" is all that the collector tracks, "made" is what was made here and no collector knows.
With "churn" for an argument it goes on making and dropping objects after REST; with "swap" it has
its memory pushed to swap before REST.
"""

import array
import collections
import ctypes
import gc
import json
import os
import sys
import threading


class Plain:
	def __init__(self, n):
		self.number = n
		self.text = "plain %d" % n


class Slots:
	__slots__ = "left", "right"

	def __init__(self, left, right):
		self.left, self.right = left, right

	class Inner:
		pass


class Many:
	"""Too many attributes for its keys to be shared."""

	def __init__(self, n):
		for i in range(50):
			setattr(self, "field_%d" % i, n + i)


class Names(dict):
	pass


class Stack(list):
	pass


Point = collections.namedtuple("Point", "x y")


def counter(n):
	yield from range(n)


def make():
	"""Kinds that the collector tracks, each with what it holds."""
	held = {}
	held["plain"] = [Plain(i) for i in range(20000)]
	held["slots"] = [Slots(i, i) for i in range(15000)]
	held["inner"] = [Slots.Inner() for i in range(3000)]
	held["many"] = [Many(i) for i in range(300)]
	held["lists"] = [[None] * (i % 100) for i in range(12000)]
	held["grown"] = [list(range(1, i % 90)) for i in range(1000)]
	held["tuples"] = [(held, i) for i in range(10000)]
	held["dicts"] = [{j: held for j in range(i % 40)} for i in range(5000)]
	held["sets"] = [set(range(i % 50)) for i in range(3000)]
	held["frozen"] = [frozenset(range(i % 50)) for i in range(500)]
	held["points"] = [Point(held, i) for i in range(4000)]
	held["names"] = [Names(a=i) for i in range(2000)]
	held["stacks"] = [Stack(range(i % 20)) for i in range(2000)]
	held["deques"] = [collections.deque(range(i)) for i in range(300)]
	held["ordered"] = [collections.OrderedDict.fromkeys(range(i)) for i in range(300)]
	held["default"] = [collections.defaultdict(list) for i in range(700)]
	held["functions"] = [lambda i=i: i for i in range(6000)]
	held["bound"] = [held["lists"][0].append for i in range(2500)]
	held["classes"] = [type("Class%d" % i, (), {}) for i in range(400)]
	held["generators"] = [counter(i) for i in range(500)]
	return held


def keep(items, name, truth):
	"""Kinds that are not tracked: told by who made them, each object once."""
	items = list({id(i): i for i in items}.values())
	truth.append({"type": name, "how": "made", "count": len(items),
		      "bytes": sum(map(sys.getsizeof, items))})
	return items


def make_untracked(truth):
	return [
		keep([float(i) for i in range(50000)], "float", truth),
		keep([complex(i) for i in range(5000)], "complex", truth),
		keep([b"%d" % i * (i % 30) for i in range(30000)] +
		     [bytes(5000) for i in range(2000)], "bytes", truth),
		keep([bytearray(i % 3000) for i in range(4000)], "bytearray", truth),
		keep([1 << (i % 500 + 40) for i in range(40000)], "int", truth),
		keep(["é" * (i % 40) + str(i) for i in range(30000)] +
		     ["語" * (i % 300) + str(i) for i in range(5000)] +
		     ["x" * 70000 + str(i) for i in range(300)], "str", truth),
		keep([array.array("d", range(i % 70)) for i in range(2000)], "array.array", truth),
	]


def name_of(kind):
	module, name = kind.__module__, kind.__qualname__
	return name if module == "builtins" else module + "." + name


def tell(truth):
	"""gc.get_objects() as it is now; what is made to count it is small."""
	gc.collect()
	gc.unfreeze()	# 3.12 freezes what never dies
	counts, sizes = collections.Counter(), collections.Counter()
	for o in gc.get_objects():
		counts[type(o)] += 1
		sizes[type(o)] += sys.getsizeof(o)
	del o
	for t in truth:
		print(json.dumps(t))
	# not kept: each would be a dict more
	for kind, n in counts.items():
		print(json.dumps({"type": name_of(kind), "how": "tracked", "count": n,
				  "bytes": sizes[kind]}))


def churn():
	"""Makes, changes and drops objects of all sizes until the end."""
	kept = []
	n = 0
	while True:
		n += 1
		kept.append({"list": [n] * (n % 2000), "text": "t" * (n % 4000), "set": {n, n + 1}})
		if len(kept) > 3000:
			del kept[::2]
		if n % 1000 == 0:
			kept[0] = [type("Churned%d" % n, (), {}) for i in range(50)]


def swap():
	"""Pushes out what is mapped for objects, and not what leads to it."""
	madvise = ctypes.CDLL(None).madvise
	with open("/proc/self/maps") as f:
		ranges = [line.split() for line in f]
	below = None
	for where, mode, _, _, inode, *name in ranges:
		start, end = (int(x, 16) for x in where.split("-"))
		# what follows a file's mapping is its .bss
		if mode == "rw-p" and inode == "0" and not name and start != below:
			madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), 21)
		below = end


print("READY", flush=True)
sys.stdin.readline()
truth = []
held = make()
untracked = make_untracked(truth)
tell(truth)
if sys.argv[1:] == ["churn"]:
	threading.Thread(target=churn, daemon=True).start()
if sys.argv[1:] == ["swap"]:
	swap()
print("REST", flush=True)
sys.stdin.readline()
os._exit(0)
