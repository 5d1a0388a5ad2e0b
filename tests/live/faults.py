#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who touched which pages first, with and without probes on the allocator."""

from harness import *


def touched(name, mode):
	"""Bytes of pages per touching function, by faults of the program and of the kernel for it."""
	target = Target(name)
	memtop = Memtop(["-p", target.pid, "-m", mode])
	told = target.run()
	document = memtop.fresh()
	expect(document["mode"] == mode, f"mode is {document['mode']}")
	expect_truth(document, told, others=GIB)
	if mode == "pages":
		heap = [s for s in document["stacks"] if s["kind"] == "heap"]
		expect(not heap, f"heap blocks without probes: {heap[:1]}")
	else:
		owner = sums(document, {"owner_block"})["owner_block"]
		expect(owner["resident"] == 500 * PAGE, f"the block's owner has {owner}")
	expect_accounts(memtop, target.pid)
	memtop.stop()


def unprobed():
	"""-m pages puts no probe anywhere; -m full does (so the count can be seen to move)."""
	target = Target("touch")
	for mode, probed in (("pages", False), ("full", True)):
		memtop = Memtop(["-p", target.pid, "-m", mode])
		have = link_types(memtop.child.pid)
		uprobes = [t for t in have if t not in ("tracing", "raw_tracepoint", "iter")]
		expect(bool(uprobes) == probed, f"-m {mode} holds links {sorted(set(have))}")
		memtop.stop()


main(globals())
