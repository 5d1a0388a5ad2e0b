#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""work.py SECONDS: work of many kinds, by turns: some 5,000 stacks that ask for memory, about one in
five of which does so in any second."""

import collections
import csv
import decimal
import difflib
import email
import glob
import hashlib
import html.parser
import io
import json
import os
import pickle
import random
import re
import sqlite3
import sys
import textwrap
import time
import tokenize
import xml.etree.ElementTree as tree
import zlib

FILES = sorted(glob.glob(os.path.dirname(os.__file__) + "/*.py"))
KEPT = collections.deque(maxlen=200)
DB = sqlite3.connect(":memory:")
DB.execute("CREATE TABLE words(word TEXT, n INTEGER)")


def words(text):
	counts = collections.Counter(re.findall(r"\w+", text))
	DB.executemany("INSERT INTO words VALUES(?, ?)", counts.items())
	DB.execute("DELETE FROM words WHERE rowid % 3 = 0")
	return DB.execute("SELECT word, sum(n) FROM words GROUP BY word ORDER BY 2 DESC LIMIT 50").fetchall()


def tokens(text):
	try:
		return [t.string for t in tokenize.generate_tokens(io.StringIO(text[:4000]).readline)]
	except (tokenize.TokenError, SyntaxError):
		return []  # the text was cut


def patterns(text):
	re.purge()
	return [re.compile(p).findall(text) for p in (
		r"(?:[a-z]+_)+[a-z]+", r"\b(def|class)\s+(\w+)\s*\(", r"^\s*#.*$",
		r"(?P<q>['\"]).*?(?P=q)")]


def pages(text):
	class Lines(html.parser.HTMLParser):
		def handle_data(self, data):
			KEPT.append(data[:100])

	Lines().feed("".join(f"<p class='a'>{line}</p>" for line in text.splitlines()[:50]))
	root = tree.Element("root")
	for word in text.split()[:200]:
		tree.SubElement(root, "w", n=str(len(word))).text = word if word.isalnum() else "x"
	return tree.fromstring(tree.tostring(root))


def letters(text):
	message = email.message_from_string("From: a@b\nSubject: c\n\n" + text[:2000])
	return message.as_string(), json.loads(json.dumps({w: [w] * 3 for w in text.split()[:300]}))


def changes(text):
	lines = text.splitlines()[:60]
	fewer = [line for line in lines if random.random() < .8]
	return list(difflib.unified_diff(lines, fewer)), textwrap.wrap(text[:3000])


def tables(text):
	out = io.StringIO()
	csv.writer(out).writerows([w, decimal.Decimal(len(w)) / 7] for w in text.split()[:300])
	return list(csv.reader(io.StringIO(out.getvalue()))), pickle.loads(pickle.dumps(text.split()))


def packed(text):
	return zlib.compress(text.encode()), hashlib.sha256(text.encode()), bytearray(50000)


def main():
	work = [words, tokens, patterns, pages, letters, changes, tables, packed]
	end = time.monotonic() + float(sys.argv[1])
	random.seed(1)
	while time.monotonic() < end:
		with open(random.choice(FILES), encoding="utf-8", errors="replace") as f:
			KEPT.append(random.choice(work)(f.read(20000)))
		time.sleep(0.002)


main()
