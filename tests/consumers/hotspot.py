#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hotspot.py PARSER FILE: what hotspot's parser makes of a perf.data file, as hotspot reads it: a line
"EVENT BYTES" for each event, "command NAME PID", "symbol NAME MODULE" for each function, and a
failure for an error that hotspot would show.

The stream is that of hotspot's src/parsers/perf/perfparser.cpp: after a head, messages with their size
in front (little-endian) and Qt's QDataStream inside (big-endian).
"""

import struct
import subprocess
import sys

STRING, COMMAND, SYMBOL, ERROR, ATTRIBUTES, SAMPLE = 5, 2, 4, 8, 11, 13


def messages(data):
	assert data.startswith(b"QPERFSTREAM\0"), "no stream of hotspot's parser"
	at = 16
	while at < len(data):
		(size,) = struct.unpack_from("<I", data, at)
		yield data[at + 4], data[at + 5:at + 4 + size]
		at += 4 + size


def main():
	parser = subprocess.run([sys.argv[1], "--input", sys.argv[2]], capture_output=True, check=True)
	strings, events, sums, symbols, commands = [], {}, {}, set(), set()
	for kind, body in messages(parser.stdout):
		if kind == STRING:
			strings.append(body[8:].decode(errors="replace"))
		elif kind == ATTRIBUTES:
			number, _, _, name = struct.unpack_from(">iIQi", body)
			events[number] = strings[name]
			sums[strings[name]] = 0
		elif kind == COMMAND:
			pid, _, _, _, name = struct.unpack_from(">IIQIi", body)
			commands.add((strings[name], pid))
		elif kind == SYMBOL:
			_, name, binary = struct.unpack_from(">iii", body)
			symbols.add(" ".join(strings[i] for i in (name, binary) if i >= 0))
		elif kind == SAMPLE:
			(frames,) = struct.unpack_from(">I", body, 20)
			at = 24 + 4 * frames + 1  # behind the number of frames that were guessed
			(costs,) = struct.unpack_from(">I", body, at)
			for i in range(costs):
				number, cost = struct.unpack_from(">iQ", body, at + 4 + 12 * i)
				sums[events[number]] += cost
		elif kind == ERROR:
			sys.exit(f"hotspot says: {body!r}")
	for name, total in sums.items():
		print(name, total)
	for name, pid in sorted(commands):
		print("command", name, pid)
	for name in sorted(symbols):
		print("symbol", name)


main()
