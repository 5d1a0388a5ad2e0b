# SPDX-License-Identifier: GPL-2.0-or-later
"""Small programs that keep what they make, and tracemalloc's word on which line holds how much.

Talks as the programs in tests/programs do: READY, a line from outside, JSON lines of truth, REST.
With the argument "trace" tracemalloc watches, from the same moment on as memtop; without it the
same is done unwatched, and no truth is told.
"""

import array
import asyncio
import collections
import csv
import dataclasses
import datetime
import decimal
import fractions
import functools
import gc
import io
import json
import os
import pickle
import re
import sqlite3
import sys
import threading
import tracemalloc
import weakref
import xml.etree.ElementTree

KEEP = {}


def lists():
	return [[i, [i]] for i in range(300)]


def growing_lists():
	rows = []
	for i in range(300):
		rows.append(i + 1000)
		rows.extend([None] * 3)
	return rows, [x for x in range(500) if x % 3], list(map(str, range(250)))


def tuples():
	pairs = [(i, i + 1) for i in range(300)]
	return pairs, [tuple(range(i % 30)) for i in range(300)]


def dicts():
	small = [{"a": i, "b": i} for i in range(250)]
	large = {i: i for i in range(1000)}
	copied = dict(large)
	for i in range(0, 1000, 2):
		del large[i]
	return small, large, copied


def sets():
	return [set(range(i % 40)) for i in range(300)], frozenset(range(300))


def strings():
	text = [f"number {i}" for i in range(400)]
	wide = ["日本" + str(i) for i in range(250)]
	joined = ",".join(text)
	built = ""
	for i in range(300):
		built += str(i)
	return text, wide, joined, built, joined.split(","), joined.upper()


def bytes_and_buffers():
	grown = bytearray()
	for i in range(300):
		grown += b"%d" % i
	# from 20 to 29 bytes, where it is
	resized = [bytearray(12) for i in range(300)]
	for small in resized:
		for i in range(12):
			small.append(i)
	return resized, [bytes(i) for i in range(300)], grown, array.array("d", range(300))


def numbers():
	integers = [i << 40 for i in range(1, 300)]
	huge = [1 << i for i in range(1, 250)]
	floats = [i / 7 for i in range(300)]
	return integers, huge, floats, [complex(i, i) for i in range(300)]


class Plain:
	def __init__(self, i):
		self.number = i + 1000
		self.name = f"plain {i}"
		self.children = []


class Slots:
	__slots__ = ("a", "b")

	def __init__(self, i):
		self.a = i + 1000
		self.b = (i, i)


def classes():
	objects = [Plain(i) for i in range(250)]
	slots = [Slots(i) for i in range(250)]
	made = [type(f"Made{i}", (Plain,), {"x": i}) for i in range(50)]
	return objects, slots, made, [o.__init__ for o in objects]


@dataclasses.dataclass
class Record:
	name: str
	value: float
	tags: list = dataclasses.field(default_factory=list)


Point = collections.namedtuple("Point", "x y")


def records():
	return [Record(f"record {i}", i / 3) for i in range(250)], [Point(i, -i) for i in range(300)]


def closures():
	def adder(n):
		def add(x, step=n):
			return x + n + step
		return add
	return [adder(i) for i in range(300)], [functools.partial(max, i) for i in range(250)]


def counting(n):
	held = [n] * 10
	yield held
	yield n


def generators():
	running = [counting(i) for i in range(300)]
	for g in running:
		next(g)
	return running, [iter([i]) for i in range(250)], [zip((i,), "a") for i in range(300)]


def coroutines():
	async def waits(n):
		await asyncio.sleep(0)
		return [n] * 8

	async def gather():
		return await asyncio.gather(*(waits(i) for i in range(300)))
	return asyncio.run(gather())


def threads():
	found = []

	def work(n):
		mine = [str(n * 1000 + i) * 2 for i in range(300)]
		found.append({text: len(text) for text in mine})
	all_ = [threading.Thread(target=work, args=(n,)) for n in range(4)]
	for t in all_:
		t.start()
	for t in all_:
		t.join()
	return found


def json_documents():
	text = json.dumps([{"id": i, "name": f"n{i}", "tags": ["a", i]} for i in range(250)])
	gc.collect()
	return text, json.loads(text)


def regular_expressions():
	text = " ".join(f"key{i}=value{i}" for i in range(250))
	compiled = [re.compile(f"(a{i}|b{i})+[x-z]*") for i in range(4)]
	return compiled, re.findall(r"(\w+)=(\w+)", text), re.sub(r"\d", "#", text), list(
		re.finditer("key", text))


def databases():
	db = sqlite3.connect(":memory:")
	db.execute("create table t (a integer, b text)")
	db.executemany("insert into t values (?, ?)", ((i, f"row {i}") for i in range(300)))
	return db, db.execute("select a, b from t").fetchall()


def tables():
	out = io.StringIO()
	writer = csv.writer(out)
	writer.writerows([i, f"name {i}", i / 3] for i in range(250))
	text = out.getvalue()
	return text, list(csv.reader(io.StringIO(text))), list(csv.DictReader(io.StringIO(text)))


def documents():
	text = "<all>" + "".join(f'<item id="{i}">text {i}</item>' for i in range(300)) + "</all>"
	return xml.etree.ElementTree.fromstring(text)


def pickles():
	data = [{"number": i, "point": Point(i, i), "text": f"text {i}"} for i in range(300)]
	packed = pickle.dumps(data)
	return packed, pickle.loads(packed)


def times():
	start = datetime.datetime(2020, 1, 1)
	return [start + datetime.timedelta(minutes=i) for i in range(300)]


def exact_numbers():
	return ([decimal.Decimal(i) / 7 for i in range(1, 250)],
		[fractions.Fraction(i, 7) for i in range(300)])


def containers():
	queue = collections.deque(range(500), maxlen=500)
	ordered = collections.OrderedDict((i, str(i)) for i in range(250))
	grouped = collections.defaultdict(list)
	for i in range(500):
		grouped[i % 300].append(i)
	return queue, ordered, grouped, collections.Counter(i % 400 for i in range(500))


def references():
	objects = [Plain(i) for i in range(300)]
	return objects, [weakref.ref(o) for o in objects], weakref.WeakValueDictionary(
		enumerate(objects))


def exceptions():
	caught = []

	def fail(n):
		if n:
			fail(n - 1)
		raise ValueError(f"failed {len(caught)}")
	for i in range(300):
		try:
			fail(i % 5)
		except ValueError as e:
			caught.append(e)
	return caught


def temporary():
	"""Much is made and little kept."""
	total = 0
	for i in range(300):
		total += len(sorted(str(i) * 3)) + len({i: [i]})
	return [total + 1000]


SCENES = [lists, growing_lists, tuples, dicts, sets, strings, bytes_and_buffers, numbers, classes,
	  records, closures, generators, coroutines, threads, json_documents, regular_expressions,
	  databases, tables, documents, pickles, times, exact_numbers, containers, references,
	  exceptions, temporary]


def tell():
	"""
	In a child, which is not measured.  These are the traces that a snapshot's statistics are made
	of; it is made of many more objects itself.
	"""
	child = os.fork()
	if child:
		os.waitpid(child, 0)
		return
	held = collections.Counter()
	for trace in tracemalloc._get_traces():
		held[trace[2][0]] += trace[1]
	for (file, line), size in held.items():
		print(json.dumps({"file": file, "line": line, "bytes": size}))
	sys.stdout.flush()
	os._exit(0)


def main():
	watched = sys.argv[1:] == ["trace"]
	print("READY", flush=True)
	sys.stdin.readline()
	# this empties the free lists: an object out of one is no allocation, but is another line's
	# for tracemalloc
	gc.collect()
	if watched:
		tracemalloc.start()
	for scene in SCENES:
		KEEP[scene] = scene()
		gc.collect()
	if watched:
		tell()
		tracemalloc.stop()
	print("REST", flush=True)
	sys.stdin.readline()


main()
