#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads `memtop export -f perf-script` field by field, as strictly as perf script prints it.

A sample is a head line, frames, and a blank line.  Used as: perf_script.py FILE [FUNCTION=BYTES…]
where each function must have just these bytes of alloc_bytes.
"""

import re
import sys

HEAD = re.compile(r"^(?P<comm>\S.{0,15}?) +(?P<pid>\d+)/(?P<tid>\d+) *"
		  r" +(?P<time>\d+\.\d{6}): +(?P<period>\d+) +(?P<event>[A-Za-z_]\w*): $")
FRAME = re.compile(r"^\t *(?P<address>[0-9a-f]+) "
		   r"(?P<symbol>\[unknown\]|.+\+0x[0-9a-f]+) \((?P<dso>.+)\)$")
EVENTS = {"alloc_bytes", "resident_bytes", "phantom_bytes", "swapped_bytes"}


def parse(text):
	"""Samples as (head, frames); AssertionError with the line where one is not well formed."""
	assert text.endswith("\n\n"), "the last sample is not followed by a blank line"
	for sample in text[:-2].split("\n\n"):
		lines = sample.split("\n")
		head = HEAD.match(lines[0])
		assert head, f"not a head line: {lines[0]!r}"
		head = head.groupdict()
		assert head["event"] in EVENTS, f"event {head['event']!r}"
		assert int(head["period"]) > 0, f"a period of 0, which readers take for 1: {lines[0]!r}"
		frames = []
		for line in lines[1:]:
			frame = FRAME.match(line)
			assert frame, f"not a frame: {line!r}"
			assert len(line.split("\t")[1].split(" (")[0].lstrip()) > 0
			frames.append(frame.groupdict())
		assert frames, f"a sample without frames: {lines[0]!r}"
		yield head, frames


def main():
	with open(sys.argv[1]) as f:
		samples = list(parse(f.read()))
	want = dict(a.split("=") for a in sys.argv[2:])
	for function, bytes_ in want.items():
		have = sum(int(h["period"]) for h, frames in samples if h["event"] == "alloc_bytes" and
			   any(f["symbol"].startswith(function + "+0x") for f in frames))
		assert have == int(bytes_), f"{function} has {have} bytes, not {bytes_}"
	print(f"{len(samples)} samples")


try:
	main()
except AssertionError as why:
	print(why)
	sys.exit(1)
