#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a full ring buffer loses, and what memtop finds again of it.

memtop is stopped while a program makes more events than the buffer holds: all later ones are lost.
"""

from harness import *

KEPT = 64 * MIB
LATE = 32 * MIB

# two events of 80 bytes for each of its areas, in a buffer of 16 MiB
FLOOD = r"""
import json, mmap, subprocess, sys
def area(size):
	return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
print("READY", flush=True)
sys.stdin.readline()
kept = area(int(sys.argv[1]))
kept.write(b"1" * len(kept))
print("KEPT", flush=True)
sys.stdin.readline()
for _ in range(150000):
	area(4096).close()
kept.close()
late = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[3]], text=True,
			stdin=subprocess.PIPE, stdout=subprocess.PIPE)
late.stdout.readline()
print(json.dumps({"pid": late.pid}))
print("FULL", flush=True)
sys.stdin.readline()
late.communicate("\n")
print("REST", flush=True)
sys.stdin.readline()
"""

BORN = r"""
import sys
kept = b"1" * int(sys.argv[1])
print("REST", flush=True)
sys.stdin.readline()
"""


def found():
	"""A process that began, and memory that went, while no event could be kept."""
	flood = Target(["/usr/bin/python3", "-c", FLOOD, str(KEPT), BORN, str(LATE)])
	memtop = Memtop(["-p", flood.pid, "--follow"])
	flood.run("KEPT")
	p = process_of(memtop.fresh(), flood.pid)
	expect(p["allocated"] >= KEPT, f"allocated is {p['allocated']}")
	freeze(memtop.child.pid)
	late = flood.run("FULL")[0]["pid"]
	os.kill(memtop.child.pid, signal.SIGCONT)
	document = memtop.fresh(lost=True)
	expect(document["lost"]["events"], "the buffer was never full")
	p = process_of(document, flood.pid)
	expect(p["allocated"] < KEPT, f"what is mapped no more is still allocated: {p}")
	p = process_of(document, late)
	expect(p["allocated"] >= LATE and p["resident"] >= LATE, f"the late one: {p}")
	# and its end is seen as any other's
	flood.run()
	memtop.fresh(lost=True)
	expect(any(p["pid"] == late and p.get("exited") for d in memtop.documents
		   for p in d["processes"]), "its end was not told")
	memtop.stop(status=6)


if __name__ == "__main__":
	main({"found": found})
