#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drops of RSS explained: swapped out, freed, given back, each with its amount and its stacks."""

import re
import sqlite3

from harness import *

SIZES = {"fill_cache": 128 * MIB, "fill_index": 80 * MIB, "fill_queue": 48 * MIB}
TOTAL = sum(SIZES.values())
CAUSES = ("swapped", "freed", "returned", "files")
QUIET_SECONDS = float(os.environ.get("MEMTOP_QUIET_SECONDS", "60"))


def drops_of(documents):
	return [e for d in documents for e in d["events"] if e["kind"] == "rss_drop"]


def settle(memtop):
	"""A drop is told one document after it has ended."""
	for _ in range(4):
		memtop.fresh()


class Drops(list):
	"""Drops, and how many of them a single one may be told as where a busy machine lets it pause."""

	at_most = 1


def step(target, memtop):
	"""The drops that one step of the target made."""
	before = len(memtop.documents)
	target.run()
	settle(memtop)
	documents = memtop.documents[before - 1:]
	drops = Drops(drops_of(documents[1:]))
	rss = [process_of(d, target.pid)["rss"] for d in documents]
	fallen = [rss[0] - r for r in rss]
	drops.at_most += sum(0 < was and now < min(was * 1.05, max(fallen) * 0.95)
			     for was, now in zip(fallen, fallen[1:]))
	drops.at_most += len(documents) // 10	# one that goes on is told in parts
	return drops


def expect_sum(event):
	total = sum(event[c] for c in CAUSES) - event["grown"]
	expect(total == event["bytes"], f"the parts of a drop less growth add up to {total}: {event}")


def expect_drop(drops, cause, stacks=True):
	"""All three parts dropped, within 1 % for this cause, by the right stacks, and nothing else.

	One event tells it, unless it was told in parts.
	"""
	for e in drops:
		expect_sum(e)
	expect(1 <= len(drops) <= drops.at_most,
	       f"{len(drops)} drops, not 1 to {drops.at_most}: {drops}")
	dropped, for_cause = (sum(e[key] for e in drops) for key in ("bytes", cause))
	expect(abs(dropped - TOTAL) <= TOTAL / 100, f"not {TOTAL} bytes: {drops}")
	expect(abs(for_cause - TOTAL) <= TOTAL / 100, f"not {TOTAL} bytes {cause}: {drops}")
	for name, size in SIZES.items() if stacks else ():
		got = sum(s["bytes"] for e in drops for s in e["stacks"]
			  if s["cause"] == cause and s.get("function") == name)
		expect(abs(got - size) <= size / 100, f"{name} {cause} {got}, not {size}: {drops}")


def scene(delay):
	"""Swapped out, freed while in swap (no drop), freed, given back."""
	target = Target("drops")
	memtop = Memtop(["-p", target.pid], delay=float(delay))
	expect(not step(target, memtop), "a drop while memory was filled")
	swapped = step(target, memtop)
	if not process_of(memtop.documents[-1], target.pid)["swap"]:
		raise Skipped("the kernel does not swap what MADV_PAGEOUT asks it to")
	expect_drop(swapped, "swapped")
	expect(not step(target, memtop), "what is in swap is freed: RSS has not dropped")
	expect(not step(target, memtop), "a drop while memory was filled again")
	expect_drop(step(target, memtop), "freed")
	expect(not step(target, memtop), "a drop while memory was filled a third time")
	expect_drop(step(target, memtop), "returned")
	memtop.stop()


def grow():
	"""What left RAM is told in full though the target grows meanwhile, even by as much."""
	target = Target([program("drops"), "grow"])
	memtop = Memtop(["-p", target.pid])
	expect(not step(target, memtop), "a drop while memory was filled")
	swapped = step(target, memtop)
	expect_grown(swapped, "swapped", 96 * MIB, in_swap(target, memtop))
	expect(not step(target, memtop), "what is in swap is freed: RSS has not dropped")
	expect(not step(target, memtop), "a drop while memory was filled again")
	swapped = step(target, memtop)
	expect_grown(swapped, "swapped", 256 * MIB, in_swap(target, memtop))
	step(target, memtop)
	step(target, memtop)
	# freed at once, and the growth that comes after it is no part of the drop
	expect_grown(step(target, memtop), "freed", 96 * MIB, later=True)
	step(target, memtop)
	expect_grown(step(target, memtop), "returned", 96 * MIB)
	memtop.stop()


def in_swap(target, memtop):
	"""The kernel need not swap all that it is asked to: what it did counts."""
	swap = process_of(memtop.documents[-1], target.pid)["swap"]
	if swap < TOTAL / 2:
		raise Skipped("the kernel does not swap what MADV_PAGEOUT asks it to")
	return swap


def expect_grown(drops, cause, growth, total=TOTAL, later=False):
	"""All three parts left RAM for this cause, within 1 %, by the right stacks, and what grew."""
	for e in drops:
		expect_sum(e)
	expect(drops, f"no event of {total} bytes {cause}")
	got = sum(e[cause] for e in drops)
	expect(abs(got - total) <= total / 100, f"{got} bytes {cause}, not {total}: {drops}")
	others = sum(e[c] for e in drops for c in CAUSES if c != cause)
	expect(others <= total / 100, f"{others} bytes for other causes than {cause}: {drops}")
	grown = sum(e["grown"] for e in drops)
	# what grows after the last that leaves is no part of it
	expect(abs(grown - growth) <= growth / 8 or (later and 0 < grown < growth) or
	       (cause == "swapped" and len(drops) > 1),
	       f"{grown} bytes grown, not {growth}: {drops}")
	for name, size in SIZES.items() if total == TOTAL else ():
		got = sum(s["bytes"] for e in drops for s in e["stacks"]
			  if s["cause"] == cause and s.get("function") == name)
		expect(abs(got - size) <= size / 100, f"{name} {cause} {got}, not {size}: {drops}")


def before():
	"""The same of memory that was there before memtop came: no stacks, and still the cause."""
	target = Target("drops")
	target.run()
	memtop = Memtop(["-p", target.pid])
	swapped = step(target, memtop)
	if not process_of(memtop.documents[-1], target.pid)["swap"]:
		raise Skipped("the kernel does not swap what MADV_PAGEOUT asks it to")
	expect_drop(swapped, "swapped", stacks=False)
	memtop.stop()
	target = Target("drops")
	for _ in range(4):
		target.run()
	memtop = Memtop(["-p", target.pid])
	expect_drop(step(target, memtop), "freed", stacks=False)
	memtop.stop()
	target = Target("drops")
	for _ in range(6):
		target.run()
	memtop = Memtop(["-p", target.pid])
	expect_drop(step(target, memtop), "returned", stacks=False)
	memtop.stop()


def memory_cgroup():
	"""A new cgroup that can limit memory: its folder, and the file for its limit."""
	name = f"memtop-test-{os.getpid()}"
	one, two = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
	try:
		if os.path.exists(one + "/memory.limit_in_bytes"):
			os.mkdir(f"{one}/{name}")
			return f"{one}/{name}", "memory.limit_in_bytes"
		with open(two + "/cgroup.controllers") as f:
			if "memory" not in f.read().split():
				raise Skipped("the memory controller of cgroups is off")
		with open(two + "/cgroup.subtree_control", "r+") as f:
			f.write("+memory")
		os.mkdir(f"{two}/{name}")
		return f"{two}/{name}", "memory.high"
	except OSError as why:
		raise Skipped(f"no memory cgroup can be made here: {why}") from None


def cgroup():
	"""A cgroup with too little room swaps the target out."""
	folder, limit = memory_cgroup()
	target = Target("drops")
	try:
		with open(folder + "/cgroup.procs", "w") as f:
			f.write(str(target.pid))
		memtop = Memtop(["-p", target.pid])
		target.run()
		memtop.fresh()
		before = len(memtop.documents)
		try:
			with open(f"{folder}/{limit}", "w") as f:
				f.write(str(64 * MIB))
		except OSError:
			pass	# the kernel did not get as low as that: what it did counts
		settle(memtop)
		drops = drops_of(memtop.documents[before:])
		for e in drops:
			expect_sum(e)
		got = sum(e["swapped"] for e in drops)
		swap = process_of(memtop.documents[-1], target.pid)["swap"]
		if swap < 32 * MIB:
			raise Skipped(f"the cgroup has swapped only {swap} bytes out")
		expect(abs(got - swap) <= swap / 100, f"{got} bytes were told, {swap} are in swap")
		memtop.stop()
	finally:
		target.child.kill()
		target.child.wait()
		os.rmdir(folder)


def quiet():
	"""A program that rests has no events, nor one whose blocks come and go all the time."""
	resting, busy = Target("drops"), Target([program("drops"), "busy"])
	watching = [Memtop(["-p", resting.pid]), Memtop(["-p", busy.pid])]
	resting.run()
	busy.go()
	end = time.time() + QUIET_SECONDS
	while time.time() < end:
		for memtop in watching:
			memtop.next()
	for memtop in watching:
		expect(not drops_of(memtop.documents), f"false: {drops_of(memtop.documents)}")
		memtop.stop()


def words():
	"""Tables for people say it in words."""
	target = Target("drops")
	memtop = spawn([MEMTOP, "-p", str(target.pid), "-b", "-d", "0.2"], stdout=subprocess.PIPE,
		       stdin=subprocess.DEVNULL, text=True)
	lines = Lines(memtop.stdout)
	lines.next(20)
	for _ in range(5):
		target.run()
		time.sleep(0.6)
	time.sleep(0.6)
	memtop.send_signal(signal.SIGINT)
	said = []
	while (line := lines.next(20)) is not None:
		said += [line] if " RSS -" in line else []
	want = "RSS -256 MiB: 256 MiB freed (fill_cache 128 MiB, fill_index 80 MiB, fill_queue 48 MiB)"
	expect(any(want in line for line in said), f"no line has {want!r}: {said}")


def told(path):
	"""The free that a report tells of a recording: in words, in JSON and in the page."""
	report = subprocess.run([MEMTOP, "report", path], capture_output=True, text=True, check=True)
	want = "freed (fill_cache 128 MiB, fill_index 80 MiB, fill_queue 48 MiB)"
	expect(want in report.stdout, f"the report does not say {want!r}: {report.stdout[:2000]}")
	out = subprocess.run([MEMTOP, "report", path, "--json"], capture_output=True, text=True,
			     check=True).stdout
	events = [e for e in drops_of([json.loads(out)]) if abs(e["freed"] - TOTAL) <= TOTAL / 100]
	expect(events, f"no free of {TOTAL} bytes in {drops_of([json.loads(out)])}")
	for event in events:
		expect_drop(Drops([event]), "freed")
	page = path + ".html"
	made = subprocess.run([MEMTOP, "html", path, "-o", page], capture_output=True, text=True,
			      check=False)
	if "without npm" in made.stderr:
		return
	with open(page, encoding="utf-8") as f:
		data = json.loads(re.search(r'id="data">(.*?)</script>', f.read(), re.S).group(1))
	drop = next(e for e in data["events"] if abs(e["freed"] - TOTAL) <= TOTAL / 100)
	lost = {data["frames"][2 * s["frame"]]: s["bytes"] for s in drop["stacks"]}
	for name, size in SIZES.items():
		expect(abs(lost.get(name, 0) - size) <= size / 100, f"{name} in the page: {lost}")


def recorded():
	"""A recording keeps them, with the stacks whose memory it was."""
	target = Target("drops")
	with tempfile.TemporaryDirectory() as folder:
		path = os.path.join(folder, "drops.db")
		memtop = spawn([MEMTOP, "record", "-p", str(target.pid), "-d", "0.2", "-o", path],
			       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		for _ in range(100):
			if os.path.exists(path) and len(bpf_ids(memtop.pid)) > 3:
				break
			time.sleep(0.1)
		time.sleep(1)
		for _ in range(5):
			target.run()
			time.sleep(1)
		memtop.send_signal(signal.SIGINT)
		expect(memtop.wait(20) == 0, f"record failed: {memtop.stderr.read()}")
		rows = sqlite3.connect(path).execute(
			"SELECT pid, bytes, swapped, freed, returned, files FROM event "
			"WHERE kind = 'rss_drop'").fetchall()
		told(path)
	freed = [r for r in rows if r[0] == target.pid and abs(r[3] - TOTAL) <= TOTAL / 100]
	expect(freed, f"the free of {TOTAL} bytes is not recorded: {rows}")
	for row in rows:
		expect(sum(row[2:]) == row[1], f"the parts of a drop do not add up: {row}")


main(globals())
