# SPDX-License-Identifier: GPL-2.0-or-later
"""Python at many different things, for ever: stacks through the interpreter and its C modules."""

import collections
import csv
import ctypes
import decimal
import functools
import io
import itertools
import json
import pickle
import re
import sqlite3
import struct
import sys
import threading
import xml.sax
import zlib

COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
libc = ctypes.CDLL(None)


def fibonacci(n):
	return [n] if n < 2 else fibonacci(n - 1)[-1:] + fibonacci(n - 2)[:1]


def called_back():
	numbers = (ctypes.c_int * 50)(*[i * 7919 % 50 for i in range(50)])
	libc.qsort(numbers, 50, 4, COMPARE(lambda a, b: len(str(a[0])) and a[0] - b[0]))


def parsed():
	text = json.dumps({str(i): [i, {"n": i * 1.5}] for i in range(60)})
	return json.loads(text, object_hook=lambda d: collections.OrderedDict(d))


def matched():
	return re.sub(r"(\w+)@(\w+)", lambda m: m.group(2) * 3, "someone@somewhere " * 30)


def stored():
	db = sqlite3.connect(":memory:")
	db.create_function("half", 1, lambda n: str(n / 2))
	db.execute("create table t (a, b)")
	db.executemany("insert into t values (?, ?)", ((i, str(i)) for i in range(60)))
	return db.execute("select half(a), b from t order by b").fetchall()


def read():
	rows = csv.reader(io.StringIO("a,b,c\n" * 60))
	handler = xml.sax.ContentHandler()
	handler.startElement = lambda name, attributes: [name] * 20
	xml.sax.parseString(b"<a>" + b"<b>text</b>" * 40 + b"</a>", handler)
	return sorted(rows, key=lambda row: "".join(row))


def packed():
	data = pickle.dumps([struct.pack("<II", i, i) for i in range(300)])
	return pickle.loads(zlib.decompress(zlib.compress(data)))


def counted():
	total = functools.reduce(lambda a, b: a + b, (decimal.Decimal(i) / 7 for i in range(60)))
	return total, list(itertools.groupby(range(200), key=lambda n: str(n // 10)))


def at_work():
	while True:
		fibonacci(9)
		for job in called_back, parsed, matched, stored, read, packed, counted:
			job()


threading.Thread(target=at_work, daemon=True).start()
print("READY", flush=True)
sys.setswitchinterval(0.001)
at_work()
