#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The live screen, driven in a real terminal: tmux sends keys and tells what is shown."""

import ctypes
import re
import shutil

from harness import *

START = 20	# seconds until the first figures, on a busy machine
ACT = 8		# until a key's effect is seen there


class Terminal:
	"""A terminal with a shell in it."""

	def __init__(self, width=100, height=30, term="tmux-256color", lang="C.UTF-8", **env):
		if not shutil.which("tmux"):
			raise Skipped("tmux is not installed")
		self.folder = tempfile.TemporaryDirectory()
		self.socket = os.path.join(self.folder.name, "tmux")
		config = os.path.join(self.folder.name, "tmux.conf")
		with open(config, "w") as f:
			f.write(f"set -g default-terminal {term}\nset -g status off\n"
				"set -g escape-time 10\n")
		environment = {k: v for k, v in os.environ.items()
			       if k not in ("LC_ALL", "LC_CTYPE", "NO_COLOR", "TMUX", "PS1")}
		environment |= {"LANG": lang, "XDG_CONFIG_HOME": self.folder.name,
				**env}
		self.command = ["tmux", "-S", self.socket, "-f", config]
		subprocess.run([*self.command, "-u", "new-session", "-d", "-x", str(width), "-y",
				str(height), "bash --norc --noprofile"], check=True, env=environment)
		atexit.register(self.close)
		self.until("bash-")
		self.before = self.shell("stty -g")

	def close(self):
		subprocess.run([*self.command, "kill-server"], stderr=subprocess.DEVNULL)
		self.folder.cleanup()

	def tmux(self, *args):
		return subprocess.run([*self.command, *args], check=True, text=True,
				      capture_output=True).stdout

	def keys(self, *keys):
		self.tmux("send-keys", *keys)

	def type(self, text):
		self.tmux("send-keys", "-l", text)

	def mouse(self, button, x, y):
		"""A press and its release, as xterm reports them (in the first 95 cells)."""
		self.type("\033[M" + chr(32 + button) + chr(33 + x) + chr(33 + y))
		if button < 64:
			self.type("\033[M#" + chr(33 + x) + chr(33 + y))

	def text(self, colors=False):
		return self.tmux("capture-pane", "-p", *(["-e"] if colors else []))

	def lines(self):
		return self.text().split("\n")

	def resize(self, width, height):
		self.tmux("resize-window", "-x", str(width), "-y", str(height))

	def until(self, what, timeout=ACT, gone=False, every=0.05):
		"""Waits until the screen has (or has no more) what the pattern says."""
		end = time.time() + timeout
		while time.time() < end:
			text = self.text()
			if bool(re.search(what, text)) != gone:
				return text
			time.sleep(every)
		raise Failed(f"the screen {'still has' if gone else 'has no'} {what!r}:\n{text}")

	def shell(self, command):
		"""A command's output, from the shell; its mark is not in the line that is echoed."""
		self.keys("-l", f"clear; {command}; echo do''ne $?")
		self.keys("Enter")
		text = self.until(r"(?m)^done \d+")
		return text.split("done")[0].strip()

	def start(self, arguments):
		self.keys("-l", f"clear; {MEMTOP} {arguments}; echo ex''it $?")
		self.keys("Enter")

	def ended(self, status=0, timeout=ACT):
		"""The shell is back, and the terminal as it was."""
		text = self.until(r"(?m)^exit \d+", timeout)
		expect(f"exit {status}" in text, f"the exit status is not {status}:\n{text}")
		self.restored()

	def restored(self):
		expect(self.shell("stty -g") == self.before, "the terminal's modes are not restored")
		flags = self.tmux("display-message", "-p",
				  "#{alternate_on} #{cursor_flag} #{mouse_any_flag}").split()
		expect(flags == ["0", "1", "0"],
		       f"alternate screen, cursor, mouse: {flags}, not as before")

	def memtop_pid(self):
		shell = int(self.tmux("display-message", "-p", "#{pane_pid}"))
		with open(f"/proc/{shell}/task/{shell}/children") as f:
			return int(f.read().split()[0])


def holding():
	"""A target with 256 MiB in three functions, and a screen that shows it."""
	target = Target("drops")
	return target


def shown(arguments="", **terminal):
	target = holding()
	t = Terminal(**terminal)
	t.start(f"-p {target.pid} -d 0.3 {arguments}")
	t.until("nothing has been allocated|ALLOC", START)
	target.run()
	t.until(r"48M +48M .*fill_queue")	# all of it is written
	return target, t


def keys():
	"""Every key of the table."""
	target, t = shown(width=120, height=40)
	t.until(r"allocated\s")
	t.until(r"\*ALLOCATED")
	for key, heading in (("R", "RESIDENT"), ("P", "PHANTOM"), ("S", "SWAPPED"), ("C", "BLOCKS"),
			     ("V", "PER SEC"), ("T", "TOUCHED"), ("K", "AT PEAK"),
			     ("A", "ALLOCATED")):
		t.keys(key)
		t.until(rf"\*{heading}")
	t.keys(">")
	t.until(r"\*RESIDENT")
	t.keys("<")
	t.until(r"\*ALLOCATED")
	t.keys("F6")
	t.until("Sort by")
	t.keys("Down", "Down", "Enter")
	t.until(r"\*PHANTOM")
	t.keys("A")
	for heading in (r"FUNCTION \(MODULE\)", r"LINE, FUNCTION", r"  MODULE", r"  THREAD",
			"STACK: FUNCTION"):
		t.keys("g")
		t.until(heading)
	t.keys("p")
	t.until(r"\*AT PEAK")
	t.keys("p")
	t.until(r"\*ALLOCATED")
	t.keys("t")
	t.until(r"\[temporary\]")
	t.keys("t")
	t.until(r"\[temporary\]", gone=True)
	t.keys("t")
	t.until(r"\*TEMPORARY")
	t.keys("Escape")
	t.until(r"\*ALLOCATED")
	t.keys("b")
	t.until("134217728")
	t.keys("b")
	t.until("134217728", gone=True)
	t.keys("1")
	t.until("Resident ", gone=True)
	t.keys("1")
	t.until("Resident ")
	t.keys("2")
	t.until(r"(?m)^ +resident ", gone=True)
	t.keys("2")
	t.until(r"(?m)^ +resident ")
	t.keys("?")
	t.until("freeze: the figures stay")
	t.keys("Escape")
	t.until("STACK: FUNCTION")
	t.keys("F1")
	t.until("freeze: the figures stay")
	t.keys("F1")
	t.until("STACK: FUNCTION")
	t.keys("F10")
	t.ended()


UNITS = {"B": 1, "KiB": 1 << 10, "MiB": MIB, "GiB": GIB}


def size_of(text):
	number, unit = text.split()
	return float(number) * UNITS[unit]


def header():
	"""Who is measured, bars on one scale, accounts that add up, rates, losses, age, memtop's cost."""
	target, t = shown(width=120, height=40)
	phantom = Target("phantom")
	for width, height in ((120, 40), (80, 24)):
		t.resize(width, height)
		time.sleep(1)
		lines = t.lines()
		text = "\n".join(lines[:8])
		for word in (rf"memtop {target.pid} drops  \S+", r"measured for \d+s, every 0\.3 s",
			     r"Allocated +256 MiB \[.+\]", r"Resident +256 MiB \[.+\]",
			     "resident 256 MiB", r"RSS +25\d MiB \[.+\]", r"peak 256M,? RSS 25\dM",
			     r"alloc \S+ \(\d+", r"free \S+ \(\d+\)", r"swap-in \S+",
			     r"faults \d+ \(\d+ disk\)", "0 lost", r"figures \d+\.\d s old",
			     r"scan \d+ ms", r"memtop:? \d+\.\d % CPU, \S+ ?\+ ?\S+"):
			expect(re.search(word, text), f"{width}x{height}: no {word!r} in:\n{text}")
		rss = size_of(re.search(r"RSS +(\S+ \S+)", lines[4])[1])
		named = sum(size_of(f"{n} {u}") for n, u in
			    re.findall(r" ([\d.]+) ([KMG]?i?B)\b", lines[5]))
		expect(abs(named - rss) <= rss / 50, f"accounts named: {named} of {rss}:\n{text}")
	t.resize(120, 40)
	t.keys("q")
	t.ended()
	# allocated, of which little is resident: both bars are on one scale
	t.start(f"-p {phantom.pid} -d 0.3")
	t.until("nothing has been allocated|ALLOC", START)
	phantom.run()
	t.until(r"Allocated +3\.38 GiB")
	lines = t.lines()
	cells = {kind: lines[1].count(kind) for kind in "█▓▒░"}
	total = sum(cells.values())
	resident = size_of(re.search(r"Resident +(\S+ \S+)", lines[2])[1])
	expect(abs(cells["█"] - resident / (3.38 * GIB) * total) <= 1,
	       f"{resident} of 3.38 GiB are {cells['█']} of {total} cells")
	expect(cells["█"] == lines[2].count("█") and cells["░"],
	       f"{cells}:\n{lines[1]}\n{lines[2]}")
	t.keys("q")
	t.ended()


def swatches():
	"""What the legend of the RSS names is in its bar: the least of it takes no other's only cell."""
	target = holding()
	t = Terminal(width=100, height=30, lang="C", NO_COLOR="1")
	t.start(f"-p {target.pid} -d 0.3")
	t.until("from before memtop came", START)
	bar, legend = t.lines()[4:6]
	named = re.findall(r"(\S) (?:blocks|allocator|mappings|stacks|files|shared|before|other) ", legend)
	expect(len(named) > 1 and all(letter in bar[bar.index("["):] for letter in named),
	       f"{named}:\n{bar}\n{legend}")
	t.keys("q")
	t.ended()


BUSY = """
import mmap, sys
print("READY", flush=True)
sys.stdin.readline()
kept = []
while True:
	kept = [bytearray(100000 + n) for n in range(100, 400)]
	kept = [bytes(n) for n in range(100, 4000)]
"""


def narrow():
	"""Where a number has no room it is left out: none loses its last digits."""
	target = Target(["/usr/bin/python3", "-c", BUSY])
	t = Terminal(width=120, height=24)
	t.start(f"-p {target.pid} -d 0.3")
	t.until("ALLOC", START)
	target.go()
	t.until(r"faults \d{4}")
	size = r"\d+(\.\d+)?[BKMG]?"
	for width in (110, 100, 92, 84, 80, 72, 60, 50, 40):
		t.resize(width, 24)
		for _ in range(4):
			time.sleep(0.3)
			rates, cost = [line for line in t.lines() if "alloc " in line or "s old" in line]
			expect(re.search(rf"(swap-in {size}|faults \d+|disk\))$", rates),
			       f"{width}: {rates!r}")
			expect(re.search(r"(in the kernel|\d[KMG]?\+\d+(\.\d+)?[KMG]|s old)$", cost),
			       f"{width}: {cost!r}")
	t.resize(40, 10)
	t.until(rf"(?m)^{size} = res {size} swap {size} phantom {size}$")
	t.resize(120, 24)
	t.keys("q")
	t.ended()


def filters():
	"""Filter, search, leaks, what has grown since, freeze."""
	target, t = shown(width=120, height=40)
	t.keys("/")
	t.until("Filter:")
	t.type("fill_q")
	t.keys("Enter")
	t.until(r"\[filter: fill_q\]")
	t.until("fill_cache", gone=True)
	t.until(r"208 MiB  in 2 stacks left out by the filters|208 MiB  in \d+ stacks left out")
	t.keys("Escape")
	t.until("fill_cache")
	t.keys("/")
	t.type("(")
	t.keys("Enter")
	t.until("not a regular expression")
	t.keys("F3")
	t.until("Search:")
	t.type("QUEUE")
	t.keys("Enter")
	t.keys("Enter")
	t.until(r"fill_queue.*\n.*allocated 48 MiB in 1 block")
	t.keys("Escape")
	t.keys("l")
	t.until("Older than:")
	t.keys("C-u")
	t.type("10m")
	t.keys("Enter")
	t.until("nothing passes the filters")
	t.keys("l")
	t.until("fill_cache")
	t.keys("d")
	t.until(r"\[grown since d\]")
	t.until("nothing|fill_cache", gone=False)
	target.run()		# swapped out, or not: allocated stays
	target.run()		# freed
	t.until(r"-128M.*fill_cache")
	t.keys("d")
	t.until(r"\[grown since d\]", gone=True)
	t.keys("f")
	t.until("FROZEN")
	target.run()		# filled again
	time.sleep(1)
	expect("fill_cache (" not in t.text(), "frozen figures have changed")
	t.keys("f")
	t.until(r"128M.*fill_cache")
	t.keys("q")
	t.ended()


def typed():
	"""A filter and a search act with each character; Escape takes them back."""
	target, t = shown(width=120, height=40)
	t.keys("/")
	t.until("Filter:")
	t.type("fill_q")
	t.until(r"\[filter: fill_q\](.*\n)+Filter: fill_q_", gone=False)
	t.until("fill_cache", gone=True)
	t.keys("BSpace")
	t.until(r"\[filter: fill_\]")
	t.until("fill_cache")
	t.type("(")		# no pattern: the last that was one stays
	t.until(r"Filter: fill_\(_ +\(no pattern yet\)")
	t.until(r"\[filter: fill_\]")
	t.keys("Escape")
	t.until("filter:", gone=True)
	t.keys("/")
	t.type("fill_i")
	t.keys("Enter")
	t.until(r"F10Quit")
	t.until(r"\[filter: fill_i\]")
	t.keys("/")
	t.type("xyz")
	t.until("nothing passes the filters")
	t.keys("Escape")	# as it was before
	t.until(r"\[filter: fill_i\]")
	t.keys("Escape")
	t.until("fill_cache")
	expect("fill_cache" in selected_row(t), f"not the first row:\n{t.text()}")
	t.keys("F3")
	t.until("Search:")
	t.type("fill_i")
	until_selected(t, "fill_index")
	t.keys("BSpace")
	until_selected(t, "fill_cache")
	t.keys("F3")		# the next
	until_selected(t, "fill_index")
	t.keys("F3")
	until_selected(t, "fill_queue")
	t.type("zzz")
	t.until(r"Search: fill_zzz_ +\(not found\)")
	t.keys("C-u")
	t.type("QUEUE")
	until_selected(t, "fill_queue")
	t.keys("Escape")
	t.until("F10Quit")
	t.keys("F3")
	t.type("cache")
	until_selected(t, "fill_cache")
	t.keys("Enter")
	t.until("F10Quit")
	t.keys("n")
	until_selected(t, "fill_cache")
	t.keys("q")
	t.ended()


def long_text():
	"""Of a text that is longer than the line its end is seen; what is pasted goes into it."""
	target, t = shown(width=40, height=24)
	t.keys("/")
	t.until("Filter:")
	t.type("fill_cache|" + "x" * 60 + "|fill_queue")
	t.until(r"(?m)^Filter: x+\|fill_queue_$")
	t.until("fill_index", gone=True)
	t.until("(?s)fill_cache.*fill_queue")
	t.type("(")
	t.until(r"(?m)^Filter: x+\|fill_queue\(_ \(no pattern yet\)$")
	t.type("a" * 300)
	t.keys("Escape")
	t.until("fill_index")
	t.keys("/")
	t.type("z" * 300)
	t.keys("Enter")		# what can be typed can be a pattern
	t.until("nothing passes the filters")
	t.keys("Escape")
	t.keys("w")
	t.until(r"Write to: \S*-\d{8}-\d{6}\.json_|Write to: \S*\d{6}\.json_")
	t.keys("Escape", "q")
	t.ended()


def until_selected(t, name):
	end = time.time() + ACT
	while not any(name in line for line in (selected(t), selected_row(t))):
		expect(time.time() < end, f"{name} is not selected:\n{t.text()}")
		time.sleep(0.05)


BLOCKS = int(os.environ.get("MEMTOP_BLOCKS", "2000000"))


def many():
	"""Keys act while millions of blocks are being measured, and quitting does not wait for that."""
	stacks = BLOCKS // 50
	target = Target([program("many"), str(BLOCKS), str(stacks)])
	t = Terminal(width=140, height=40)
	t.start(f"-p {target.pid} -d 0.2 --max-blocks {2 * BLOCKS} --max-stacks {6 * stacks}")
	t.until("nothing has been allocated|ALLOC", START)
	target.run(timeout=300)
	t.until(r"\b50 .*hold \(many", 60)
	keys = (("S", r"\*SWAPPED"), ("A", r"\*ALLOCATED"), ("g", r"FUNCTION \(MODULE\)"),
		("g", "LINE, FUNCTION"), ("g", "  MODULE"), ("g", "  THREAD"),
		("g", "STACK: FUNCTION"), ("d", "grown since"), ("d", r"hold \(many"),
		("/", "Filter:"), ("h", r"\[filter: h\]"), ("Escape", "F10Quit"),
		("Enter", "the innermost call first"), ("Escape", "CALLERS"))
	before = [acted(t, *key) for key in keys]
	# a measurement may have been near its end; of keys that wait for it none would be before it
	expect(sum(before) > len(keys) / 2, f"keys acted only after a measurement: {before}")
	t.until("measuring: ", 60)
	pid = t.memtop_pid()
	began = time.time()
	t.keys("q")
	t.ended(0, 60)
	print(f"quit after {(time.time() - began) * 1e3:.0f} ms")
	expect(target.child.poll() is None, "the target has ended")
	expect(not os.path.exists(f"/proc/{pid}"), "memtop is still there")


def acted(t, key, effect):
	"""Sends a key while a measurement goes on; True when it acted before there were new figures."""
	figures = age(t.until("measuring: ", 60))
	pid = t.memtop_pid()
	began, ran, waited = time.time(), *schedstat(pid)
	t.keys(key)
	text = t.until(effect, 60, every=0.003)
	took = time.time() - began
	ran, waited = [(b - a) / 1e6 for a, b in zip((ran, waited), schedstat(pid))]
	before = age(text) is None or age(text) >= figures
	print(f"{key} acted after {took * 1e3:.0f} ms, in which the screen's thread ran for {ran:.0f} "
	      f"and waited to run for {waited:.0f}; {'before' if before else 'after'} the "
	      "measurement's end")
	return before


def schedstat(tid):
	"""Nanoseconds that a thread has run, and has waited for a CPU."""
	with open(f"/proc/{tid}/schedstat") as f:
		return [int(n) for n in f.read().split()[:2]]


def age(text):
	"""How old the figures on the screen are; it falls when there are new ones."""
	told = re.search(r"figures ([\d.]+) s old", text)
	return float(told[1]) if told else None


def detail():
	"""One stack in full."""
	target, t = shown(width=120, height=50)
	t.keys("Enter")
	text = t.until("stack, the innermost call first")
	for word in ("allocated 128 MiB in 1 block", "128 MiB  resident", "since attach: 128 MiB in 1 ",
		     "history of", "sizes of its live blocks", r"up to +256 MiB +1 #", r"drops\.c:\d+",
		     r"\[libc\.so\.6\]", f"by thread {target.pid}"):
		expect(re.search(word, text), f"no {word!r} in:\n{text}")
	t.resize(120, 24)
	t.until("F10Quit")
	t.keys("End")
	t.until(r"_start +\[drops\]")
	touched = re.search(r"who touched it first .*\n +(\S+ MiB)  fill_cache", text)
	expect(touched and 124 <= size_of(touched[1]) / MIB <= 128, f"not touched by fill_cache:\n{text}")
	t.keys("Escape")
	t.until(r"\*ALLOCATED")
	t.keys("Down", "Enter")
	t.until("allocated 80 MiB in 1 block")
	t.keys("F10")
	t.ended()


def noted():
	"""What of a process is not measured is in its header, on a line of its own."""
	target = Target(["/bin/sh", "-c", f"echo READY; read go; exec {program('small_32')}"])
	t = Terminal(100, 24)
	t.start(f"-p {target.pid} -d 0.2")
	t.until(r"\*ALLOCATED")
	expect("note:" not in t.text(), t.text())
	target.go()
	target.until("READY")
	t.until(r"\nnote: it is a 32-bit program: what its calls allocate is not counted")
	t.keys("F10")
	t.ended()


def pages():
	"""What lies over the table: it can be read to its end, and q leaves it, not memtop."""
	target, t = shown(width=80, height=24)
	# the end of a page, and not past it: nor for a moment
	for key, last in (("Enter", r"_start +\[drops\]"), ("?", r"see memtop\(1\)")):
		t.keys(key)
		t.until("PgDnMore")
		expect("Choose" not in t.text(), f"what is no menu offers to choose:\n{t.text()}")
		expect(all(len(line) <= 80 for line in t.lines()), "too wide")
		for jump in (("End",), ("Home", *["PgDn"] * 9)):
			t.keys(*jump)
			seen = watched(t, last)
			expect(not any(blank_page(text) for text in seen),
			       f"{key}, {jump}: an empty page flashes up:\n{seen}")
		t.keys("q")
		t.until("STACK: FUNCTION")
	# names that are wider than the terminal are all there
	t.resize(44, 50)
	t.keys("Enter")
	text = re.sub(r"\s+", "", t.until("the innermost call first"))
	expect("sinceattach:128MiBin1allocations,0Bin0frees;now0Basecond" in text, f"cut:\n{t.text()}")
	# keys that are the table's act where it is seen
	t.keys("S")
	t.keys("g")
	t.until(r"\*ALLOCATED +RESIDENT +FUNCTION \(MODULE")
	t.keys("Enter")
	t.until("the stack that holds most")
	t.keys("/")
	t.until(r"ALLOCATED(.*\n)+Filter:")
	t.keys("Escape")
	t.resize(80, 24)
	t.keys("F10")
	t.ended()


def blank_page(text):
	"""More than half of what is between the header and the keys is empty."""
	lines = text.split("\n")[8:23]
	return sum(not line.strip() for line in lines) > 8


def watched(t, what):
	"""What is shown until the pattern is, and a bit longer."""
	seen, end = [], time.time() + ACT
	while not seen or not re.search(what, seen[-1]):
		expect(time.time() < end, f"no {what!r}:\n{seen[-1:]}")
		seen.append(t.text())
	return seen + [t.text() for _ in range(20)]


def sideways():
	"""Left and Right move long labels, and lines of pages, into sight; no further than they go."""
	target, t = shown(width=44, height=14)
	expect("← main" not in t.text(), f"there is room for all:\n{t.text()}")
	t.keys(*["Right"] * 30)
	t.until(r"(?m)128M +128M .*← main$")
	t.keys(*["Left"] * 30)
	t.until(r"128M +128M +fill_cache \(")
	t.keys("?")
	t.until("asked for and not")
	t.keys(*["Right"] * 20)
	t.until(r"(?m)resident \+ swapped \+ phantom$")
	t.keys("F10")
	t.ended()


def repaint():
	"""Ctrl-L draws anew what something else has written over."""
	target, t = shown()
	tty = t.tmux("display-message", "-p", "#{pane_tty}").strip()
	with open(tty, "w") as f:
		f.write("\033[1;1HSOMEBODY ELSE\033[13;1HAND MORE")
	t.until("SOMEBODY ELSE")
	t.keys("C-l")
	t.until("SOMEBODY ELSE|AND MORE", gone=True)
	t.until(f"memtop {target.pid} drops")
	t.keys("q")
	t.ended()


def touchers():
	"""Memory that one function maps and another touches: the detail view names it."""
	target = Target("touch")
	t = Terminal(width=120, height=50)
	t.start(f"-p {target.pid} -d 0.3")
	t.until("nothing has been allocated|ALLOC", START)
	target.run()
	t.until("map_huge")
	t.keys("F3")
	t.type("map_huge")
	t.keys("Enter", "Enter")
	t.until(r"who touched it first .*\n +16(\.0)? MiB  touch_huge")
	t.keys("F10")
	t.ended()


KINDS = """
import sys
kept = [{i: str(i)} for i in range(3000)]
print("READY", flush=True)
sys.stdin.readline()
del kept[1000:]
kept.extend(bytearray(4) for _ in range(1234))
print("REST", flush=True)
sys.stdin.readline()
"""


def objects():
	"""Kinds of Python objects, looked at twice; of what is no Python, and none chosen."""
	target = Target(["/usr/bin/python3", "-c", KINDS])
	t = Terminal(width=120, height=40)
	t.start(f"-p {target.pid} -d 0.3")
	t.until("ALLOC", START)
	t.keys("o")
	t.until(rf"process {target.pid}\), CPython 3.*objects in memory", START)
	t.until(r"(?m)^ .* dict *$")
	t.until("bytearray", gone=True)
	target.run()
	t.keys("o")
	t.until(r"(?m)^ .* 1[,.]?234 .*bytearray *$", START)
	t.keys("Escape")
	t.until("STACK: FUNCTION")
	t.keys("F10")
	t.ended()
	t.close()
	target, t = shown(width=120, height=40)
	t.keys("o")
	t.until("no Python|no CPython|interpreter", START)
	t.keys("Escape")
	t.until("STACK: FUNCTION")
	t.keys("F10")
	t.ended()


def long_look():
	"""While millions of objects are looked at keys act, and quitting ends the look."""
	target = Target(["/usr/bin/python3", "-c", "import sys\nkept = [(n, str(n)) for n in "
			 "range(2000000)]\nprint('READY', flush=True)\nsys.stdin.readline()"])
	t = Terminal(width=120, height=40)
	t.start(f"-p {target.pid}")
	t.until("ALLOC", START)
	began = time.time()
	t.keys("o")
	t.until("objects in memory", 60)
	whole = time.time() - began
	for keys, effect in ((("o", "o", "q"), "STACK: FUNCTION"), (("o", "F10"), r"exit \d")):
		began = time.time()
		t.keys(*keys)
		t.until(effect, 60)
		took = time.time() - began
		print(f"{keys}: {took:.2f} s; a whole look: {whole:.2f} s")
		expect(took < whole / 2, f"{keys} acted after {took} s; a look takes {whole} s")
	t.ended()
	# as text: Ctrl-C ends it as well, and says that there is no table
	t.keys("-l", f"clear; {MEMTOP} --types -p {target.pid}; echo ex''it $?")
	t.keys("Enter")
	time.sleep(whole / 8)
	began = time.time()
	t.keys("C-c")
	t.until(f"ended before all objects of process {target.pid} were looked at")
	expect(time.time() - began < whole / 2, "Ctrl-C waits for the look's end")
	t.ended(1)


def files():
	"""w and e write files that other programs read."""
	target, t = shown()
	path = os.path.join(t.folder.name, "snapshot.json")
	t.keys("w")
	t.until("Write to: memtop-")
	t.keys("C-u")
	t.type(path)
	t.keys("Enter")
	t.until("written to")
	with open(path) as f:
		document = json.load(f)
	expect(sums(document, SIZES)["fill_cache"]["allocated"] == 128 * MIB, "wrong figures")
	t.keys("e")
	t.until("Export as")
	for _ in range(20):
		if " folded" in selected(t):
			break
		t.keys("Down")
		time.sleep(0.3)
	t.keys("Enter")
	t.until("Export to: memtop-")
	t.keys("C-u")
	path = os.path.join(t.folder.name, "stacks.folded")
	t.type(path)
	t.keys("Enter")
	t.until("written to")
	with open(path) as f:
		expect("fill_cache" in f.read(), "no stack in the export")
	t.keys("w")
	t.keys("C-u")
	t.type("/nonexistent/x")
	t.keys("Enter")
	t.until("cannot write to /nonexistent/x")
	t.keys("q")
	t.ended()


SIZES = {"fill_cache": 128 * MIB, "fill_index": 80 * MIB, "fill_queue": 48 * MIB}


def selected(t):
	"""The line that is drawn as selected."""
	return selected_in(t.text(colors=True))


def selected_in(text):
	# from its beginning, and not the heading: the column that is sorted by looks the same
	for line in text.split("\n"):
		plain = re.sub(r"\033\[[0-9;]*m", "", line)
		if not plain.startswith("*") and re.match(
				r" ?(\033\[[0-9;]*m)*?\033\[([0-9;]*;)?(48;5;117|46|7)[;m]", line):
			return plain
	return ""


def sizes():
	"""From 40x10 to 300x100, while it runs."""
	target, t = shown()
	for width, height in ((40, 10), (60, 14), (80, 24), (120, 40), (300, 100), (40, 100), (300, 10),
			      (20, 4), (100, 30)):
		t.resize(width, height)
		time.sleep(0.8)
		lines = t.text().split("\n")[:height]
		expect(all(len(line) <= width for line in lines), f"{width}x{height}: too wide")
		if height < 10:
			continue
		expect(lines[0].startswith(f"memtop {target.pid} drops"),
		       f"{width}x{height}: no title:\n" + "\n".join(lines))
		expect("F10Quit" in lines[height - 1] and "F1Help" in lines[height - 1],
		       f"{width}x{height}: no keys in the last line:\n" + "\n".join(lines))
		rows = [line for line in lines if "fill_" in line and "M" in line.split()[0]]
		expect(len(rows) >= 3, f"{width}x{height}: {len(rows)} rows:\n" + "\n".join(lines))
	t.keys("q")
	t.ended()


def mouse():
	"""A click on a heading sorts, one on a row selects, another opens; the wheel moves."""
	target, t = shown()
	at = next(i for i, line in enumerate(t.lines()) if "*ALLOCATED" in line)
	t.mouse(0, t.lines()[at].index("PHANTOM") + 2, at)
	t.until(r"\*PHANTOM")
	t.mouse(0, 5, at)
	t.until(r"\*ALLOCATED")
	t.mouse(0, 50, at + 2)
	time.sleep(0.3)
	expect("fill_index" in selected_row(t), f"the second row is not selected:\n{t.text()}")
	t.mouse(0, 50, at + 2)
	t.until("allocated 80 MiB in 1 block")
	t.keys("Escape")
	t.until(r"\*ALLOCATED")
	t.mouse(64, 50, at + 2)		# the wheel, up
	time.sleep(0.3)
	expect("fill_cache" in selected_row(t), f"the first row is not selected:\n{t.text()}")
	t.keys("F6")
	t.until("Sort by")
	row = next(i for i, line in enumerate(t.lines()) if line.strip() == "swapped")
	t.mouse(0, 3, row)
	t.until(r"\*SWAPPED")
	t.keys("A", "F6")
	t.until("Sort by")
	t.mouse(65, 3, row)		# the wheel, down
	t.keys("Enter")
	t.until(r"\*RESIDENT")
	t.keys("A")
	t.mouse(0, 2, len(t.lines()) - 2)
	t.until("freeze: the figures stay")
	t.keys("q", "q")
	t.ended()


def selected_row(t):
	for line in t.text(colors=True).split("\n"):
		plain = re.sub(r"\033\[[0-9;]*m", "", line)
		if "fill_" in plain and re.search(r"\033\[[0-9;]*(48;5;117|46|7)[;m]", line):
			return plain
	return ""


def terminals():
	"""256 colours, 8, none; UTF-8 and not."""
	target = holding()
	target.run()
	for options, colors, plain in (
		({"term": "tmux-256color"}, r"\033\[[0-9;]*38;5;", False),
		({"term": "screen"}, r"\033\[[0-9;]*3[0-7]", False),
		({"NO_COLOR": "1"}, None, False),
		({"lang": "C"}, r"\033\[[0-9;]*38;5;", True),
		({"lang": "C", "term": "vt100"}, None, True),
	):
		t = Terminal(**options)
		t.start(f"-p {target.pid} -d 0.3")
		t.until("from before memtop came", START)
		text = t.text(colors=True)
		if colors:
			expect(re.search(colors, text), f"{options}: no colours")
		else:
			expect(not re.search(r"\033\[[0-9;]*[34][0-8]", text),
			       f"{options}: colours:\n{text!r}")
		plain_text = t.text()
		expect(plain_text.isascii() == plain, f"{options}: ASCII {plain_text.isascii()}")
		t.keys("q")
		t.until(r"(?m)^exit 0")
		expect("F10Quit" not in t.text(), f"{options}: keys are left behind:\n{t.text()}")
		t.ended()
		t.close()
	t = Terminal(TERM="dumb")
	t.shell("export TERM=dumb")
	t.start(f"-p {target.pid} -i 1")
	t.until(r"(?m)^exit 0", START)


def killed():
	"""The target is killed while shown: its last figures stay, until q."""
	target, t = shown()
	target.child.kill()
	target.child.wait()
	text = t.until("ENDED")
	expect("fill_cache" in text, f"the last figures are gone:\n{text}")
	t.keys("g")
	t.until(r"FUNCTION \(MODULE\)")
	t.keys("q")
	t.ended()


def restored():
	"""However it ends, the terminal is as it was."""
	target = holding()
	t = Terminal()
	for sig, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 0),
			    (signal.SIGSEGV, 139), (signal.SIGBUS, 135), (signal.SIGILL, 132),
			    (signal.SIGFPE, 136), (signal.SIGABRT, 134), (signal.SIGQUIT, 131)):
		t.start(f"-p {target.pid} -d 0.3")
		t.until("nothing has been allocated|ALLOC", START)
		os.kill(t.memtop_pid(), sig)
		t.ended(status)


def crashes():
	"""A crash of any of its threads gives the terminal back."""
	target = holding()
	t = Terminal()
	for thread in range(3):		# that of the screen, those that measure and make rows
		t.start(f"-p {target.pid} -d 0.3")
		t.until("nothing has been allocated|ALLOC", START)
		pid = t.memtop_pid()
		tids = sorted(map(int, os.listdir(f"/proc/{pid}/task")))
		expect(len(tids) == 3, f"{len(tids)} threads, not 3")
		tgkill(pid, tids[thread], signal.SIGSEGV)
		t.ended(139)


def tgkill(pid, tid, sig):
	"""As a fault of that thread would: to it and no other."""
	expect(ctypes.CDLL(None).syscall(234, pid, tid, int(sig)) == 0, "tgkill(2) failed")


def closed():
	"""The window is closed: memtop ends too, and the target goes on."""
	target, t = shown()
	pid = t.memtop_pid()
	t.close()
	end = time.time() + ACT
	while os.path.exists(f"/proc/{pid}"):
		expect(time.time() < end, "memtop goes on without a terminal")
		time.sleep(0.05)
	target.run()


def stopped():
	"""Ctrl-Z, or SIGTSTP from elsewhere, gives the terminal back; fg takes it again."""
	target, t = shown()
	pid = t.memtop_pid()
	for stop, heading in ((lambda: t.keys("C-z"), r"FUNCTION \(MODULE\)"),
			      (lambda: os.kill(pid, signal.SIGTSTP), "LINE, FUNCTION")):
		stop()
		t.until("Stopped")
		expect(t.tmux("display-message", "-p", "#{alternate_on}").strip() == "0",
		       "the alternate screen is still on")
		# the shell echoes its own prompt again and its modes are its own
		t.keys("-l", "clear; fg")
		t.keys("Enter")
		t.until("fill_cache")
		t.keys("g")
		t.until(heading)
	t.keys("q")
	t.until("bash-")
	time.sleep(0.5)
	t.restored()


def processes():
	"""Several processes: a list first, Enter goes into one, Escape comes back; one ends."""
	first, second = holding(), Target("phantom")
	t = Terminal(width=120, height=35)
	t.start(f"-p {first.pid},{second.pid} -d 0.3")
	t.until("PID COMMAND", START)
	first.run()
	second.run()
	text = t.until(rf"3\.38G.*{second.pid} ")
	for word in ("ALLOCATED", "RESIDENT", "PHANTOM", "SWAPPED", "RSS", "PER SEC"):
		expect(word in text, f"no column {word}:\n{text}")
	for key, heading in (("M", "RSS"), ("Y", "TEMPORARY"), ("A", "ALLOCATED")):
		t.keys(key)
		t.until(rf"\*{heading}")
	t.keys("Enter")
	t.until("phantom_malloc")
	t.until(f"memtop {second.pid} phantom")
	expect("fill_cache" not in t.text(), "another process's stacks are shown")
	t.keys("Escape")
	t.until("PID COMMAND")
	t.keys("Down")
	t.keys("Enter")
	t.until("fill_cache")
	first.child.kill()
	first.child.wait()
	t.until("PID COMMAND")
	t.until(rf"{second.pid} ")
	t.keys("g")
	t.until("STACK: FUNCTION")
	t.keys("q")
	t.ended()


def machine():
	"""-a: the list of all processes, into one and back."""
	target = holding()
	target.run()
	t = Terminal(width=140, height=60)
	t.start("-a -d 0.4")
	t.until(r"memtop \d{2,} processes", 60)
	t.until("PID COMMAND")
	t.keys("g")
	t.until("STACK: FUNCTION")
	t.keys("g", "g", "g", "g", "g")
	t.until("PID COMMAND")
	t.keys("M")
	t.until(r"\*RSS", 20)
	# the first, unless others have more than 256 MiB
	for _ in range(20):
		if f" {target.pid} " in selected(t):
			break
		t.keys("Down")
		time.sleep(0.3)
	t.keys("Enter")
	t.until(f"memtop {target.pid} ", 20)
	t.keys("Escape")
	t.until("PID COMMAND", 20)
	t.keys("q")
	t.until(r"(?m)^exit [06]", 60)	# whatever the machine does may be too much for the tables
	t.restored()


def user():
	"""Processes of a user come and go: the list neither flickers nor loses the selection."""
	try:
		steady = Target("drops", user="nobody")
	except PermissionError as why:
		raise Skipped(f"nobody may not run {program('drops')}: {why}") from None
	t = Terminal(width=140, height=60)
	t.start("-u nobody -d 0.4")
	t.until("PID COMMAND", 60)
	steady.run()
	t.until(rf"256M .* {steady.pid} ", 30)
	t.keys("F3")
	t.type(f" {steady.pid} ")
	until_selected(t, f" {steady.pid} ")
	t.keys("Enter")
	seen = [flicker(t, steady)]
	for _ in range(3):
		larger = Target("phantom", user="nobody")	# 3.4 GiB: above the selected row
		larger.run()
		brief = [spawn(["sleep", str(0.1 + i / 10)], user="nobody") for i in range(8)]
		seen.append(flicker(t, steady, rf"3\.38G .* {larger.pid} "))
		larger.child.kill()
		larger.child.wait()
		for child in brief:
			child.wait()
		seen.append(flicker(t, steady, gone=rf" {larger.pid} .*phantom"))
	expect(len({row for rows in seen for row in rows}) > 1,
	       f"the selected row has never moved, so nothing was tested: {seen}")
	t.keys("Enter")
	t.until(f"memtop {steady.pid} drops")
	t.until(r"128M +128M .*fill_cache")
	expect("phantom" not in t.text(), "another process's stacks are shown")
	t.keys("Escape")
	t.until("PID COMMAND")
	until_selected(t, f" {steady.pid} ")
	t.keys("Enter")
	t.until("fill_cache")
	steady.child.kill()
	steady.child.wait()
	t.until("PID COMMAND", 20)
	t.until(f"process {steady.pid} has ended")
	t.until(rf"(?m)^.*256M .* {steady.pid} ", 20, gone=True)
	t.keys("q")
	t.ended(0, 30)


def flicker(t, steady, there=None, gone=None):
	"""Looks until rows have come or gone; each time that of the steady target is the selected one."""
	rows, end = [], time.time() + 30
	while time.time() < end:
		text = t.text(colors=True)
		plain = re.sub(r"\033\[[0-9;]*m", "", text)
		line = selected_in(text)
		expect(re.search(rf"256M .* {steady.pid} ", line),
		       f"the selected row is {line!r}, not that of {steady.pid}:\n{plain}")
		rows.append(next(i for i, l in enumerate(plain.split("\n")) if l == line))
		if (not there or re.search(there, plain)) and not (gone and re.search(gone, plain)):
			return rows
		time.sleep(0.03)
	raise Failed(f"{there or gone} did not {'come' if there else 'go'}:\n{t.text()}")


def settings():
	"""What was chosen is there again the next time; the command line outweighs it."""
	target, t = shown()
	t.keys("g", "S")
	t.until(r"\*SWAPPED.*FUNCTION \(MODULE\)")
	t.keys("q")
	t.ended()
	t.start(f"-p {target.pid} -d 0.3")
	t.until(r"\*SWAPPED.*FUNCTION \(MODULE\)", START)
	t.keys("q")
	t.ended()
	t.start(f"-p {target.pid} -d 0.3 -s resident -g line")
	t.until(r"\*RESIDENT.*LINE, FUNCTION", START)
	t.keys("q")
	t.ended()


def failures():
	"""What goes wrong is said on the terminal that is given back, with its status."""
	t = Terminal()
	t.start("-p 999999999")
	t.until("there is no process 999999999|unexpected", START)
	t.ended(5)
	target = holding()
	t.start(f"-p {target.pid} -d 0.2 -i 3")
	t.ended(0, START)


def swap():
	"""The swap scene on the screen: what happened, how much, and whose it was."""
	target, t = shown(width=140, height=40)
	time.sleep(1)		# so that all of it has been seen
	target.run()
	if int(status_of(target.pid)["VmSwap"]) < 250 * MIB:
		raise Skipped("the kernel does not swap what MADV_PAGEOUT asks it to")
	t.until(r"\d\d:\d\d:\d\d RSS -256 MiB: 256 MiB swapped out \(fill_cache 128 MiB, "
		r"fill_index 80 MiB, fill_queue 48 MiB\)")
	t.until(r"swapped 256 MiB")
	t.until(r"▲")		# its mark under the curve
	t.until(r"128M +1 .*fill_cache")
	target.run()
	target.run()
	time.sleep(1)
	target.run()
	t.until(r"RSS -256 MiB: 256 MiB freed \(fill_cache")
	target.run()
	time.sleep(1)
	target.run()
	t.until(r"RSS -256 MiB: 256 MiB given back")
	t.keys("q")
	t.ended()


main(globals())
