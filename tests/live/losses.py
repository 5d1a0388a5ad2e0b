#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a full ring buffer loses, and what memtop finds again of it.

memtop is stopped while a program makes more events than the buffer holds: all later ones are lost.
"""

from harness import *

KEPT = 64 * MIB
LATE = 32 * MIB
LATER = 8 * MIB

# two events of 80 bytes for each of its areas, in a buffer of 16 MiB
FLOOD = r"""
import json, mmap, subprocess, sys
def area(size):
	return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
def rest(word):
	print(word, flush=True)
	sys.stdin.readline()
rest("READY")
kept = area(int(sys.argv[1]))
kept.write(b"1" * len(kept))
rest("KEPT")
for _ in range(150000):
	area(4096).close()
kept.close()
late = subprocess.Popen([sys.executable, "-c", *sys.argv[2:]], text=True, bufsize=1,
			stdin=subprocess.PIPE, stdout=subprocess.PIPE)
late.stdout.readline()
print(json.dumps({"pid": late.pid}))
rest("FULL")
late.stdin.write("\n")
late.stdout.readline()
rest("LATER")
late.communicate()
rest("REST")
"""

BORN = r"""
import sys
def ones(size):
	return b"1" * int(size)
def later(size):
	return ones(size)
kept = [ones(sys.argv[1])]
print("REST", flush=True)
sys.stdin.readline()
kept.append(later(sys.argv[2]))
print("REST", flush=True)
sys.stdin.readline()
"""


def flooded(delay):
	"""A memtop that has lost events: it, the program that flooded it, and that one's new child."""
	flood = Target(["/usr/bin/python3", "-c", FLOOD, str(KEPT), BORN, str(LATE), str(LATER)])
	memtop = Memtop(["-p", flood.pid, "--follow"], delay=delay)
	flood.run("KEPT")
	p = process_of(memtop.next(), flood.pid)
	while p["allocated"] < KEPT:
		p = process_of(memtop.next(), flood.pid)
	freeze(memtop.child.pid)
	late = flood.run("FULL")[0]["pid"]
	os.kill(memtop.child.pid, signal.SIGCONT)
	return memtop, flood, late


def found():
	"""A process that began, and memory that went, while no event could be kept."""
	memtop, flood, late = flooded(delay=0.1)
	document = memtop.fresh(lost=True)
	expect(document["lost"]["events"], "the buffer was never full")
	p = process_of(document, flood.pid)
	expect(p["allocated"] < KEPT, f"what is mapped no more is still allocated: {p}")
	p = process_of(document, late)
	expect(p["allocated"] >= LATE and p["resident"] >= LATE, f"the late one: {p}")
	# and its end is seen as any other's
	flood.run("LATER")
	flood.run()
	memtop.fresh(lost=True)
	expect(any(p["pid"] == late and p.get("exited") for d in memtop.documents
		   for p in d["processes"]), "its end was not told")
	memtop.stop(status=6)


def met():
	"""A process whose beginning was lost: its next stack is told, also before the next look."""
	memtop, flood, late = flooded(delay=10)
	time.sleep(0.5)
	flood.run("LATER")
	document = memtop.next()
	expect(document["lost"]["events"], "the buffer was never full")
	got = sums(document, {"later"}, late).get("later", {}).get("allocated", 0)
	expect(got >= LATER, f"later() has {got} bytes")
	memtop.stop(status=6)


if __name__ == "__main__":
	main(globals())
