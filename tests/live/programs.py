#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs as people run them, attached in the middle: Rss adds up, no event is lost."""

import shutil

from harness import *


def need(*names):
	for name in names:
		if not shutil.which(name):
			raise Skipped(f"{name} is not installed")


def expect_nothing_lost(memtop):
	for d in memtop.documents:
		raise_errors(check.document_errors(d))
		expect(d["lost"]["events"] == 0, f"lost {d['lost']}")


# --- redis ---------------------------------------------------------------------------------------


class Redis:
	def __init__(self, directory):
		self.socket = os.path.join(directory, "socket")
		self.server = spawn(["redis-server", "--port", "0", "--unixsocket", self.socket,
				     "--save", "", "--appendonly", "no", "--dir", directory],
				    stdout=subprocess.DEVNULL)
		for _ in range(200):
			if os.path.exists(self.socket):
				break
			time.sleep(0.05)
		expect(self.ask("ping") == "PONG", "redis-server does not answer")

	def ask(self, *command):
		return subprocess.run(["redis-cli", "-s", self.socket, *command], check=True,
				      capture_output=True, text=True).stdout.strip()

	def used(self):
		return int([line.split(":")[1] for line in self.ask("info", "memory").splitlines()
			    if line.startswith("used_memory:")][0])

	def bench(self, requests):
		return spawn(["redis-benchmark", "-s", self.socket, "-t", "set,lpush,sadd", "-n",
			      str(requests), "-r", "100000", "-d", "300", "-q"],
			     stdout=subprocess.DEVNULL)


def redis():
	"""Under redis-benchmark; what memtop counts agrees with what Redis itself counts."""
	need("redis-server", "redis-benchmark")
	with tempfile.TemporaryDirectory() as directory:
		server = Redis(directory)
		load = server.bench(200000)
		time.sleep(0.3)
		memtop = Memtop(["-p", server.server.pid], delay=0.25)
		expect(load.poll() is None, "the benchmark was over before memtop came")
		load.kill()
		load.wait()
		# values from before memtop came would be replaced: Redis sees them go, memtop cannot
		server.ask("flushall")
		before = process_of(memtop.fresh(), server.server.pid)["allocated"]
		used = server.used()
		server.bench(30000).wait(60)
		document = expect_accounts(memtop, server.server.pid)
		grown = process_of(document, server.server.pid)["allocated"] - before
		theirs = server.used() - used
		# theirs are jemalloc's size classes, up to a quarter above what was asked for
		expect(theirs * 3 / 4 <= grown <= theirs * 1.02,
		       f"memtop saw {grown} more bytes, redis says {theirs}")
		expect(any(s["kind"] == "heap" and s["allocated"] for s in document["stacks"]),
		       "no heap of jemalloc was seen")
		memtop.stop()
		expect_nothing_lost(memtop)


# --- gcc -----------------------------------------------------------------------------------------


def big_source(path, functions):
	with open(path, "w") as f:
		f.write("int printf(const char *, ...);\n")
		for i in range(functions):
			f.write(f"int f{i}(int a, int b, int *c)\n{{\n")
			for k in range(12):
				f.write(f"\tfor (int i{k} = a; i{k} < b; i{k}++)\n"
					f"\t\tc[i{k}] += c[i{k} + {k}] * a + (b ^ {i * k});\n")
			f.write(f"\tprintf(\"%d\", c[{i}]);\n\treturn c[a] + b;\n}}\n")


def child_named(parent, comm):
	for _ in range(400):
		try:
			with open(f"/proc/{parent}/task/{parent}/children") as f:
				for pid in f.read().split():
					if status_of(pid)["Name"] == comm:
						return int(pid)
		except OSError:
			pass
		time.sleep(0.01)
	raise Failed(f"{parent} has no child {comm}")


def compiler():
	"""The path of cc1, which gcc runs."""
	need("gcc")
	return subprocess.run(["gcc", "-print-prog-name=cc1"], check=True, capture_output=True,
			      text=True).stdout.strip()


def gcc():
	"""cc1 measured for a while in the middle; what it compiles is the same as without."""
	need("gcc")
	with tempfile.TemporaryDirectory() as directory:
		source = os.path.join(directory, "big.c")
		big_source(source, 150)
		driver = spawn(["gcc", "-O2", "-S", "-o", os.path.join(directory, "big.s"), source])
		cc1 = child_named(driver.pid, "cc1")
		time.sleep(0.3)
		memtop = Memtop(["-p", cc1], delay=1)
		document = expect_accounts(memtop, cc1)
		expect(process_of(document, cc1)["allocated"] > 0, "cc1 allocated nothing")
		memtop.stop()
		expect_nothing_lost(memtop)
		expect(driver.wait(100) == 0, "the compiler failed")
		subprocess.run(["gcc", "-O2", "-S", "-o", os.path.join(directory, "again.s"), source],
			       check=True)
		with open(os.path.join(directory, "big.s")) as a, \
		     open(os.path.join(directory, "again.s")) as b:
			expect(a.read() == b.read(), "what it compiled is not the same")


def gcc_by_name():
	"""-n: a compiler that starts later, from its birth, under a name that no other has."""
	with tempfile.TemporaryDirectory() as directory:
		source = os.path.join(directory, "big.c")
		mine = os.path.join(directory, "memtop-cc1")
		big_source(source, 5)
		os.symlink(compiler(), mine)
		memtop = Memtop(["-n", "memtop-cc1"], delay=0.5)
		subprocess.run([mine, "-quiet", "-O1", "-o", "/dev/null", source], check=True)
		memtop.stop()
		expect_nothing_lost(memtop)
		seen = [p for d in memtop.documents for p in d["processes"]
			if p["comm"] == "memtop-cc1"]
		expect(seen and max(p["peak_allocated"] for p in seen) > MIB,
		       f"the compiler was seen {len(seen)} times")


# --- sqlite --------------------------------------------------------------------------------------

INSERT = """insert into t select abs(random()), hex(randomblob(40)) from
(with recursive c(n) as (select 1 union all select n + 1 from c where n < %d) select n from c);
"""


def sqlite():
	"""sqlite3 inserting into a database in memory."""
	need("sqlite3")
	target = spawn(["sqlite3", ":memory:"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
		       text=True, bufsize=1)
	lines = Lines(target.stdout)

	def ask(text):
		target.stdin.write(text + "\nselect 'DONE';\n")
		target.stdin.flush()
		while lines.next(60).strip() != "DONE":
			pass

	ask("create table t(a integer, b text); create index i on t(b);" + INSERT % 20000)
	target.stdin.write(INSERT % 100000)
	target.stdin.flush()
	memtop = Memtop(["-p", target.pid], delay=0.25)
	expect_accounts(memtop, target.pid)
	ask("")
	before = process_of(memtop.fresh(), target.pid)["allocated"]
	ask(INSERT % 50000)
	document = expect_accounts(memtop, target.pid)
	grown = process_of(document, target.pid)["allocated"] - before
	# 50,000 rows of 80 characters and their index: somewhat over 9 MB
	expect(8 * MIB < grown < 16 * MIB, f"it grew by {grown} bytes")
	memtop.stop()
	expect_nothing_lost(memtop)


main(globals())
