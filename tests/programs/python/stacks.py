# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocates in every way that Python frames come to be, and tells each stack by its own means.

note() allocates and takes traceback.extract_stack() on one line, so both have the same stack.  It
talks as the programs in tests/programs do: READY, a line from outside, JSON lines of truth, REST.
"""

import asyncio
import contextlib
import ctypes
import functools
import importlib
import itertools
import json
import os
import re
import signal
import sqlite3
import sys
import tempfile
import threading
import traceback
import weakref

# of one size: a list that grows would allocate at the stack that makes it grow
KEEP = [None] * 10000
NEXT = itertools.count()
SIZE = 5000


def stack():
	"""The caller's stack, innermost first, without reading any source."""
	return [(f.f_code.co_filename, line, f.f_code.co_name)
		for f, line in traceback.walk_stack(sys._getframe(1))]


def note(size=SIZE):
	KEEP[next(NEXT)] = (stack(), size, bytearray(size))
	return size


# --- plain calls ---------------------------------------------------------------------------------

def plain():
	def inner(n):
		if n:
			return inner(n - 1)
		return note()
	inner(3)
	note(
		SIZE +
		1)
	(lambda: note())()
	return [
		note(),
		note()
	][0]


def loops():
	for _ in range(3):
		note()
	n = 0
	while n < 2:
		n += 1
		note()


def arguments(a=note(), *args, b=note(), **kwargs):
	return note(*[SIZE])


def recursion(n):
	if n == 0:
		return note()
	return recursion(n - 1)


def deep_recursion():
	return recursion(60), recursion(600)


def mutual_c(n):
	"""Each level goes through C: one call of the interpreter's loop more."""
	if n == 0:
		return [note()]
	return sorted([1], key=lambda _: mutual_c(n - 1))


# --- generators, comprehensions, coroutines ------------------------------------------------------

def generator(n):
	for _ in range(n):
		note()
		yield
		note()


def delegating():
	yield note()
	yield from generator(2)


def generators():
	for _ in generator(2):
		note()
	list(delegating())
	g = generator(1)
	next(g)
	next(g, None)
	sum(note() for _ in range(2))
	next(map(note, [SIZE + 2]))


def comprehensions():
	[note() for _ in range(2)]
	{note() + i for i in range(2)}
	{i: note() for i in range(2)}
	[[note() for _ in range(1)] for _ in range(2)]


async def coroutine(n):
	note()
	await asyncio.sleep(0)
	note()
	if n:
		await coroutine(n - 1)


async def async_generator():
	for i in range(2):
		note()
		yield i
		await asyncio.sleep(0)


class AsyncContext:
	async def __aenter__(self):
		note()

	async def __aexit__(self, *why):
		note()


async def coroutines_main():
	await coroutine(2)
	await asyncio.gather(coroutine(1), coroutine(0))
	async for _ in async_generator():
		note()
	[note() async for _ in async_generator()]
	async with AsyncContext():
		note()
	task = asyncio.ensure_future(coroutine(1))
	await task
	asyncio.get_running_loop().call_soon(note, SIZE + 3)
	await asyncio.sleep(0)
	await asyncio.get_running_loop().run_in_executor(None, note)


def coroutines():
	asyncio.run(coroutines_main())


# --- decorators, classes, contexts ---------------------------------------------------------------

def decorated(f):
	@functools.wraps(f)
	def wrapper(*args):
		note()
		return f(*args)
	return wrapper


@decorated
@functools.lru_cache(None)
def cached(n):
	note()
	return n if n == 0 else cached(n - 1)


@contextlib.contextmanager
def context():
	note()
	yield
	note()


class Meta(type):
	def __new__(cls, name, bases, space):
		note()
		return super().__new__(cls, name, bases, space)

	def __call__(cls, *args):
		note()
		return super().__call__(*args)


def classes():
	class Made(metaclass=Meta):
		note()

		class Inside:
			note()

		def __init__(self):
			note()

		@property
		def seen(self):
			return note()

		def __getattr__(self, name):
			return note()

		def __getitem__(self, i):
			return note()

		def __add__(self, other):
			return note()

		def __lt__(self, other):
			return note() < 0

		def __hash__(self):
			return note()

		def __eq__(self, other):
			return bool(note())

		def __iter__(self):
			yield note()

		def __str__(self):
			return str(note())

		def __call__(self):
			return note()

		def __enter__(self):
			note()

		def __exit__(self, *why):
			note()

		def __del__(self):
			note()

	made = Made()
	made.seen
	made.unseen
	made[0]
	made + 1
	sorted([made, made])
	{made: 1}.get(made)
	list(made)
	f"{made}"
	made()
	with made:
		note()
	del made


def contexts():
	with context(), contextlib.ExitStack() as stack:
		stack.callback(note, SIZE + 4)
		note()
	cached(3)


def exceptions():
	def fail():
		try:
			raise ValueError(note())
		finally:
			note()
	try:
		fail()
	except ValueError:
		note()
	else:
		note()
	try:
		{}[note()]
	except KeyError as e:
		note()
		e.__traceback__.tb_frame.f_lineno


# --- C that calls back ---------------------------------------------------------------------------

def callbacks():
	sorted(range(2), key=lambda _: note())
	list(map(lambda _: note(), range(2)))
	list(filter(lambda _: note(), range(2)))
	functools.reduce(lambda a, b: note(), range(3))
	functools.partial(note, SIZE + 5)()
	re.sub("b", lambda m: str(note()), "abab")
	json.loads('{"a": {"b": 1}}', object_hook=lambda o: note())
	json.dumps(object(), default=lambda o: note())
	max([1, 2], key=lambda _: note())
	setattr(sys.modules[__name__], "late", note())
	list(iter(lambda: note(), SIZE))


def databases():
	db = sqlite3.connect(":memory:")
	db.create_function("noted", 1, lambda x: note())
	db.execute("create table t (a)")
	db.executemany("insert into t values (?)", ((note(),) for _ in range(2)))
	db.execute("select noted(a) from t").fetchall()
	db.row_factory = lambda cursor, row: note()
	db.execute("select a from t").fetchall()
	KEEP[next(NEXT)] = db


def foreign():
	compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
	numbers = (ctypes.c_int * 3)(3, 1, 2)
	ctypes.CDLL(None).qsort(numbers, 3, ctypes.sizeof(ctypes.c_int),
				compare(lambda a, b: 0 * note()))


def references():
	class Thing:
		pass
	thing = Thing()
	reference = weakref.ref(thing, lambda _: note())
	del thing
	KEEP[next(NEXT)] = reference
	signal.signal(signal.SIGUSR1, lambda *_: note())
	signal.raise_signal(signal.SIGUSR1)
	note()


# --- code that is made up ------------------------------------------------------------------------

def made_up():
	exec("note()")
	exec("\n\ndef f():\n\tnote()\n\nf()\n", {"note": note})
	exec(compile("note()\nnote()", "<made up>", "exec"), {"note": note})
	eval("note()")
	eval(compile("[\nnote()\nfor _ in range(2)]", "/no/such/file.py", "eval"), {"note": note})


def made_up_often():
	"""Code objects that come and go: memory is used again, for other names and other lines."""
	for i in range(40):
		exec(f"def f{i:02}():\n{chr(10) * (i % 7)}\tnote()\nf{i:02}()\n", {"note": note})
	for i in range(40):
		exec(compile(f"{chr(10) * (i % 9)}note()", "<string>", "exec"), {"note": note})
	# the same under the name of a file, as notebooks and templates do
	for i in range(60):
		exec(compile(f"{chr(10) * (i % 9)}note()", "cell.py", "exec"), {"note": note})
		exec(compile(f"def f():\n{chr(10) * (i % 7)}\tnote()\nf()\n", "/no/cell.py", "exec"),
		     {"note": note})
	# what differs lies far behind in its line table
	body = "\ta += 1\n" * 50
	for i in range(20):
		exec(compile(f"def f():\n\ta = 0\n{body}{chr(10) * (i % 2)}\tnote()\nf()\n",
			     "/no/cell.py", "exec"), {"note": note})


def modules():
	with tempfile.TemporaryDirectory() as folder:
		sys.path.insert(0, folder)
		with open(os.path.join(folder, "imported_one.py"), "w") as f:
			f.write("import __main__\n__main__.note()\nimport imported_two\n")
		with open(os.path.join(folder, "imported_two.py"), "w") as f:
			f.write("from __main__ import note\n\n\nclass A:\n\tnote()\n")
		with open(os.path.join(folder, "größe_日本.py"), "w") as f:
			f.write("from __main__ import note\ndef größe():\n\tnote()\n")
		importlib.import_module("imported_one")
		importlib.import_module("größe_日本").größe()
		long_tables(folder)
		imported_again(folder)
		sys.path.remove(folder)


def imported_again(folder):
	"""A module whose source is changed and imported anew, as a server in development does."""
	for i in range(20):
		with open(os.path.join(folder, "again.py"), "w") as f:
			f.write("from __main__ import note\n" + "\n" * (i % 5) + "def f():\n" +
				"\n" * (i % 3) + "\tnote()\nf()\nnote()\n")
		importlib.invalidate_caches()
		sys.modules.pop("again", None)
		importlib.import_module("again")


def long_tables(folder):
	"""A function and a module whose line tables are longer than what is sent of them."""
	lines = ["from __main__ import note", "def long(a):"]
	lines += [f"\ta[{i}] = a.get({i}, 'x') + str(len(a))" for i in range(3000)]
	lines += ["\tnote()", "long({})", "note()"]
	with open(os.path.join(folder, "long_table.py"), "w") as f:
		f.write("\n".join(lines))
	importlib.import_module("long_table")


# --- threads -------------------------------------------------------------------------------------

def in_thread(n, barrier):
	barrier.wait()
	for _ in range(20):
		note()
		sorted([1], key=lambda _: note())
	recursion(n)


def threads():
	barrier = threading.Barrier(4)
	all_ = [threading.Thread(target=in_thread, args=(i, barrier)) for i in range(4)]
	for t in all_:
		t.start()
	for t in all_:
		t.join()
	timer = threading.Timer(0, note)
	timer.start()
	timer.join()


SCENES = [plain, loops, arguments, deep_recursion, lambda: mutual_c(12), generators,
	  comprehensions, coroutines, contexts, classes, exceptions, callbacks, databases, foreign,
	  references, made_up, made_up_often, modules, threads]


def main():
	print("READY", flush=True)
	sys.stdin.readline()
	KEEP[:] = [None] * len(KEEP)
	for scene in SCENES:
		scene()
	truth = {}
	for entry in KEEP:
		if isinstance(entry, tuple):
			key = tuple(entry[0])
			# a bytearray ends with a NUL of its own
			truth[key] = truth.get(key, 0) + entry[1] + 1
	for frames, size in truth.items():
		print(json.dumps({"bytes": size, "frames": frames}))
	print("REST", flush=True)
	sys.stdin.readline()


main()
