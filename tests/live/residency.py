#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the bytes are: resident, swapped, untouched, zero; and the accounts of a process's Rss."""

from harness import *


def phantom():
	"""3.375 GiB allocated, 256 MiB resident, 128 MiB in swap, then read back."""
	target = Target("phantom")
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	swap = status_of(target.pid)["VmSwap"]
	if swap < 128 * MIB:
		raise Skipped(f"the kernel swapped only {swap} bytes of 128 MiB")
	document = memtop.fresh()
	expect_truth(document, told)
	p = process_of(document, target.pid)
	expect(p["allocated"] == 3 * GIB + 384 * MIB, f"allocated {p['allocated']}")
	expect(p["swap"] >= 128 * MIB, f"the process's swap is {p['swap']}")
	again = target.run()
	expect_truth(memtop.fresh(), again, others=4 * GIB)
	expect_accounts(memtop, target.pid)
	memtop.stop()


def cases(*args):
	"""Each state that a page can have."""
	target = Target(["residency", *args])
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	document = memtop.fresh()
	# a case that this kernel cannot make tells no truth; its memory belongs to nobody then
	expect_truth(document, told, others=GIB)
	expect(len(told) >= 14, f"only {len(told)} cases could be made")
	expect_accounts(memtop, target.pid)
	memtop.stop()


def accounts():
	"""Kept by the allocator, a stack, a file, shared memory: each byte of Rss under its name."""
	target = Target("accounts")
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	document = expect_accounts(memtop, target.pid)
	have = process_of(document, target.pid)["rss_accounts"]
	for t in told:
		low, high = t["bytes"], t["bytes"] + t["slack"]
		expect(low <= have[t["account"]] <= high,
		       f"{t['account']} is {have[t['account']]}, should be {low} to {high}: {have}")
	memtop.stop()


# --- Python --------------------------------------------------------------------------------------

N = 256 * MIB

# Commands for /usr/bin/python3 on its stdin; each ends with print("REST").
DRIVER = """
import sys, mmap, ctypes
print("READY", flush=True)
for line in sys.stdin:
	if line.strip():
		exec(line)
	print("REST", flush=True)
"""

MAKE = {
	"bytes": "m = bytes(%d)",
	"bytearray": "m = bytearray(%d)",
	"repeat": "m = b'x' * %d",
	"private": "m = mmap.mmap(-1, %d, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
	"shared": "m = mmap.mmap(-1, %d)",
}
READ = "m.find(b'no such bytes')"
WRITE = {
	"bytes": "ctypes.memset(id(m) + 32, 1, %d)",
	"bytearray": "m[:] = b'y' * %d",
	"repeat": "ctypes.memset(id(m) + 32, 1, %d)",
	"private": "ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(m)), 1, %d)",
	"shared": "ctypes.memset(ctypes.addressof(ctypes.c_char.from_buffer(m)), 1, %d)",
}
# What the pages are in the three states, and where one page may belong to both.
AFTER = {
	"bytes": ("untouched", "zero", "resident"),
	"bytearray": ("resident", "resident", "resident"),
	"repeat": ("resident", "resident", "resident"),
	"private": ("untouched", "zero", "resident"),
	"shared": ("untouched", "resident", "resident"),
}


def python_row(document, pid):
	"""The figures of the one stack that holds the 256 MiB."""
	rows = [s for s in document["stacks"]
		if s["pid"] == pid and s["kind"] != "before_attach" and s["allocated"] >= N]
	expect(len(rows) == 1, f"{len(rows)} stacks hold {N} bytes, not one")
	return rows[0]


def python_case(memtop, target, kind):
	for step, state in zip(("unread", "read", "written"), AFTER[kind]):
		command = {"unread": MAKE[kind], "read": READ, "written": WRITE[kind]}[step]
		target.go(command % N if "%d" in command else command)
		target.until("REST")
		row = python_row(memtop.fresh(), target.pid)
		what = f"{kind}, {step}"
		expect(row["allocated"] <= N + 64, f"{what}: allocated {row['allocated']}")
		for name in ("resident", "swapped", "untouched", "zero"):
			want = row["allocated"] if name == state else 0
			# the object's head and tail are written: up to two pages
			expect(abs(row[name] - want) <= 2 * PAGE,
			       f"{what}: {name} is {row[name]}, should be {want}: {row}")


def python(*kinds):
	"""Debian's python3: bytes, bytearray, mmap; unread, read and written."""
	target = Target(["/usr/bin/python3", "-c", DRIVER])
	memtop = Memtop(["-p", target.pid])
	for kind in kinds:
		python_case(memtop, target, kind)
		target.go("m = None")
		target.until("REST")
	expect_accounts(memtop, target.pid)
	memtop.stop()


main(globals())
