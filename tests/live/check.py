#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What every document of memtop --json must hold, whatever was measured.

Used by every live test (check_document), and as a filter: memtop --json … | check.py
"""

import json
import sys

FIGURES = ("allocated", "resident", "swapped", "phantom", "untouched", "zero")
ACCOUNTS = ("blocks", "allocator", "mappings", "stacks", "files", "shared", "before_attach",
	    "other")
LOST = ("events", "blocks", "stacks", "truncated_stacks")
KINDS = ("heap", "mapping", "touch", "before_attach")


def figures_errors(what, row):
	"""allocated = resident + swapped + phantom, and so on."""
	if "resident" not in row and row.get("exited", True):
		return	# gone before its pages could be read
	for name in FIGURES:
		value = row.get(name)
		if not isinstance(value, int) or isinstance(value, bool) or value < 0:
			yield f"{what}: {name} is {value!r}, not a size"
			return
	if row["allocated"] != row["resident"] + row["swapped"] + row["phantom"]:
		yield (f"{what}: allocated {row['allocated']} is not resident {row['resident']} + "
		       f"swapped {row['swapped']} + phantom {row['phantom']}")
	if row["phantom"] != row["untouched"] + row["zero"]:
		yield (f"{what}: phantom {row['phantom']} is not untouched {row['untouched']} + "
		       f"zero {row['zero']}")


def stack_errors(what, s):
	if s.get("kind") not in KINDS:
		yield f"{what}: kind is {s.get('kind')!r}"
	if s.get("kind") == "before_attach":
		return
	for name in ("count", "touched", "allocated_total", "freed_total", "allocations", "frees",
		     "at_peak"):
		if not isinstance(s.get(name), int) or s[name] < 0:
			yield f"{what}: {name} is {s.get(name)!r}"
			return


def rest_errors(d):
	"""What holds too while no allocation is under way: totals and live figures agree."""
	for p in d["processes"]:
		if p["peak_allocated"] < p["allocated"]:
			yield (f"process {p['pid']}: peak_allocated {p['peak_allocated']} < allocated "
			       f"{p['allocated']}")
	for s in d["stacks"]:
		if s["kind"] != "heap":
			continue
		what = f"stack {[f.get('function') for f in s['frames']][:3]} of {s['pid']}"
		if s["allocated_total"] - s["freed_total"] != s["allocated"]:
			yield (f"{what}: allocated {s['allocated']} is not allocated_total "
			       f"{s['allocated_total']} - freed_total {s['freed_total']}")
		if s["allocations"] - s["frees"] != s["count"]:
			yield (f"{what}: count {s['count']} is not allocations {s['allocations']} - "
			       f"frees {s['frees']}")


def sum_errors(pid, rows, stacks):
	"""
	A process is the sum of its stacks.  One that has called exec has two rows: what it was, ended,
	and what it is now.
	"""
	for name in FIGURES:
		if any(name not in row for row in rows):
			continue
		total = sum(s.get(name, 0) for s in stacks)
		have = sum(row[name] for row in rows)
		if total != have:
			yield f"process {pid}: its stacks' {name} add up to {total}, not {have}"


def process_errors(p):
	what = f"process {p.get('pid')} ({p.get('comm')})"
	yield from figures_errors(what, p)
	# /proc tells nothing of one that is about to end: then nothing of it is claimed either
	if (p.get("exited") or "rss" not in p) and "rss_accounts" not in p:
		return
	accounts = p.get("rss_accounts", {})
	if sorted(accounts) != sorted(ACCOUNTS):
		yield f"{what}: rss_accounts are {sorted(accounts)}"
		return
	if sum(accounts.values()) != p.get("rss"):
		yield f"{what}: accounts add up to {sum(accounts.values())}, rss is {p.get('rss')}"
	if min(accounts.values()) < 0:
		yield f"{what}: an account is negative: {accounts}"


def frame_errors(what, frames):
	for f in frames:
		if not isinstance(f.get("address", 0), int):
			yield f"{what}: an address that is none: {f}"
		if f.get("language") not in ("native", "python", "kernel"):
			yield f"{what}: a frame of no language: {f}"


def document_errors(d, lost=False):
	"""Every breach of the contract in one document; lost: that something was lost is no breach."""
	if d.get("schema") != "memtop/1":
		yield f"schema is {d.get('schema')!r}"
		return
	if d.get("mode") not in ("full", "pages"):
		yield f"mode is {d.get('mode')!r}"
	for name in LOST:
		if not isinstance(d.get("lost", {}).get(name), int):
			yield f"lost.{name} is missing"
		elif d["lost"][name] and not lost and name != "truncated_stacks":
			yield f"lost.{name} is {d['lost'][name]}"
	rows, stacks = {}, {}
	for p in d["processes"]:
		rows.setdefault(p["pid"], []).append(p)
		yield from process_errors(p)
	for s in d["stacks"]:
		if s["kind"] != "before_attach":
			stacks.setdefault(s["pid"], []).append(s)
		names = [f.get("function") for f in s.get("frames", [])]
		what = f"stack {names[:3]} of {s.get('pid')}"
		if s.get("pid") not in rows:
			yield f"{what}: its process is missing"
		yield from figures_errors(what, s)
		yield from stack_errors(what, s)
		yield from frame_errors(what, s.get("frames", []))
	for pid, own in rows.items():
		yield from sum_errors(pid, own, stacks.get(pid, []))


def main():
	n = failed = 0
	for line in sys.stdin:
		n += 1
		for error in document_errors(json.loads(line)):
			print(f"document {n}: {error}")
			failed = 1
	if n == 0:
		print("no document at all")
		failed = 1
	return failed


if __name__ == "__main__":
	sys.exit(main())
