#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Names, files and lines of frames, and stacks through code of unusual make, on live programs."""

import shutil

from harness import *

SOURCE = r"""
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

static inline __attribute__((always_inline)) void *inner(size_t n)
{
	return malloc(n); /* line 8 */
}

namespace app {
template <typename T> struct store {
	__attribute__((noinline, noclone)) void *keep(T n)
	{
		void *p = inner(n); /* line 15 */
		__asm__ volatile("" : : "r"(p) : "memory");
		return p;
	}
};
}

int main()
{
	app::store<long> store;

	puts("READY");
	fflush(stdout);
	getchar();
	store.keep(123456);
	puts("REST");
	fflush(stdout);
	getchar();
	return 0;
}
"""

JIT = """
const kept = [];
function makeBuffers(n) { for (let i = 0; i < n; i++) kept[i % 64] = Buffer.allocUnsafeSlow(50000 + i); }
function callMaker() { makeBuffers(40); }
function round() { for (let i = 0; i < 100; i++) callMaker(); setImmediate(round); }
round();
"""

KEEP = "app::store<long>::keep(long)"


def build(directory, *flags):
	if not shutil.which("g++"):
		raise Skipped("g++ is not installed")
	source, path = os.path.join(directory, "keep.cc"), os.path.join(directory, "keep")
	with open(source, "w") as f:
		f.write(SOURCE.lstrip("\n"))
	subprocess.run(["g++", "-O2", "-g", "-fomit-frame-pointer", *flags, "-o", path, source],
		       check=True)
	return path


def kept_stack(*args):
	"""The stack of the program's one block."""
	target = Target(args)
	memtop = Memtop(["-p", target.pid])
	target.run()
	document = memtop.fresh(rest=True)
	memtop.stop()
	found = [s for s in document["stacks"] if s["allocated"] == 123456]
	expect(len(found) == 1, f"{len(found)} stacks hold the block")
	return found[0]


def expect_frames(stack, with_lines=True):
	"""malloc, inner in keep, main, and out to the root."""
	frames = stack["frames"]
	names = [f.get("function") for f in frames]
	expect(stack["end"] == "root", f"ended by {stack['end']}: {names}")
	at = next((i for i, name in enumerate(names) if name == KEEP), None)
	expect(at is not None and names[at + 1] == "main", f"the names are {names}")
	expect(not any("@" in name for name in names if name), f"versions are in {names}")
	if not with_lines:
		return
	inner = frames[at - 1]
	expect(inner.get("function") == "inner(unsigned long)" or inner.get("function") == "inner",
	       f"no inner in {names}")
	expect(inner["inlined"] and not frames[at]["inlined"], "which one is inlined is not told")
	for frame, line in ((inner, 7), (frames[at], 14)):
		expect(os.path.basename(frame["file"]) == "keep.cc" and frame["line"] == line,
		       f"{frame['function']} is at {frame.get('file')}:{frame.get('line')}, not {line}")


def inlined():
	"""An inlined function, a C++ template, files and lines."""
	with tempfile.TemporaryDirectory() as directory:
		expect_frames(kept_stack(build(directory)))


def separate():
	"""The same from a separate debug file, by its link."""
	with tempfile.TemporaryDirectory() as directory:
		path = build(directory)
		subprocess.run(["objcopy", "--only-keep-debug", path, path + ".debug"], check=True)
		subprocess.run(["strip", path], check=True)
		subprocess.run(["objcopy", f"--add-gnu-debuglink={path}.debug", path], check=True)
		expect_frames(kept_stack(path))


def common():
	"""Debug information of which dwz has moved a part into a common file, as in Debian's packages."""
	if not shutil.which("dwz"):
		raise Skipped("dwz is not installed")
	with tempfile.TemporaryDirectory() as directory:
		path = build(directory)
		for name in ("one", "two"):
			shutil.copyfile(path, os.path.join(directory, name))
		os.chmod(os.path.join(directory, "one"), 0o755)
		place = "/usr/lib/debug/.dwz/keep.debug"
		subprocess.run(["dwz", "-m", "keep.debug", "-M", place, "one", "two"], check=True,
			       cwd=directory)
		script = f"""mount -t tmpfs none /usr/lib/debug && mkdir /usr/lib/debug/.dwz &&
			cp {directory}/keep.debug {place} && exec {directory}/one"""
		expect_frames(kept_stack("/usr/bin/unshare", "--mount", "sh", "-c", script))


def mini():
	"""Only a compressed symbol table (.gnu_debugdata)."""
	if not shutil.which("xz"):
		raise Skipped("xz is not installed")
	with tempfile.TemporaryDirectory() as directory:
		path, table = build(directory, "-g0"), os.path.join(directory, "mini")
		subprocess.run(["objcopy", "--only-keep-debug", path, table], check=True)
		subprocess.run(["xz", table], check=True)
		subprocess.run(["strip", path], check=True)
		subprocess.run(["objcopy", f"--add-section=.gnu_debugdata={table}.xz", path],
			       check=True)
		expect_frames(kept_stack(path), with_lines=False)


def debug_frame():
	"""Call frame information in .debug_frame only."""
	with tempfile.TemporaryDirectory() as directory:
		path = build(directory, "-fno-asynchronous-unwind-tables", "-fno-unwind-tables",
			     "-fno-exceptions")
		expect_frames(kept_stack(path))


PLUG = r"""
#include <stdlib.h>

int padding(int x) { return PADDING; }

__attribute__((noipa)) void *HOLD(size_t n)
{
	char room[ROOM];
	void *p;

	__asm__ volatile("" : : "r"(room) : "memory");
	p = malloc(n);
	__asm__ volatile("" : : "r"(room), "r"(p) : "memory");
	return p;
}

void *plug(size_t n)
{
	void *p = HOLD(n);

	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}
"""

HOST = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	char line[16];

	puts("READY");
	fflush(stdout);
	for (size_t n = 111111; fgets(line, sizeof(line), stdin); n *= 2) {
		void *handle = dlopen(argv[argc - 1], RTLD_NOW);
		void *(*plug)(size_t) = (void *(*)(size_t))dlsym(handle, "plug");

		if (!plug)
			return 1;
		puts("LOADED");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin) || !plug(n) || dlclose(handle))
			return 1;
		puts("REST");
		fflush(stdout);
	}
	return 0;
}
"""


def build_c(directory, name, text, *flags):
	source, path = os.path.join(directory, name + ".c"), os.path.join(directory, name)
	with open(source, "w") as f:
		f.write(text)
	subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", *flags, "-o", path, source, "-ldl"],
		       check=True)
	return path


def replaced_by(put):
	"""A plug-in is loaded, unloaded, and another put in its place: each has its own stacks."""
	names = ("hold_first", "hold_second", "hold_third")
	with tempfile.TemporaryDirectory() as directory:
		plugs = [build_c(directory, name, PLUG, "-shared", "-fPIC", f"-DHOLD={name}",
				 f"-DROOM={24 + 1000 * i}", "-DPADDING=" + "7*x+x/3*" * (1 + 40 * i) + "x")
			 for i, name in enumerate(names)]
		host = build_c(directory, "host", HOST)
		plug = os.path.join(directory, "plug.so")
		target = Target([host, plug])
		memtop = Memtop(["-p", target.pid])
		for built in plugs:
			put(built, plug)
			target.run("LOADED")
			# by then the new file has been read
			memtop.fresh(rest=True)
			target.run()
			document = memtop.fresh(rest=True)
		memtop.stop()
	for i, name in enumerate(names):
		found = [s for s in document["stacks"] if s["allocated"] == 111111 << i]
		expect(len(found) == 1, f"{len(found)} stacks hold what {name} allocated")
		frames = [f.get("function") for f in found[0]["frames"]]
		expect(found[0]["end"] == "root", f"{name} ended by {found[0]['end']}: {frames}")
		expect(frames[1:4] == [name, "plug", "main"], f"{name}: the names are {frames}")


def replaced():
	"""Another plug-in written over the first: the same inode, other code."""
	def put(built, plug):
		with open(built, "rb") as f, open(plug, "wb") as to:
			to.write(f.read())
	replaced_by(put)


def reused():
	"""Another plug-in in a new file, which mostly has the number of the one that was removed."""
	def put(built, plug):
		if os.path.exists(plug):
			os.unlink(plug)
		shutil.copyfile(built, plug)
	replaced_by(put)


def jit():
	"""node's compiled functions, by /tmp/perf-PID.map."""
	if not shutil.which("node"):
		raise Skipped("node is not installed")
	with tempfile.TemporaryDirectory() as directory:
		node = spawn(["node", "--perf-basic-prof", "--no-turbo-inlining", "-e", JIT],
			     stdout=subprocess.DEVNULL, cwd=directory)
		try:
			time.sleep(1)
			memtop = Memtop(["-p", node.pid], delay=0.5)
			document = memtop.fresh()
			memtop.stop()
		finally:
			node.kill()
			node.wait()
			if os.path.exists(f"/tmp/perf-{node.pid}.map"):
				os.unlink(f"/tmp/perf-{node.pid}.map")
	names = [[f.get("function") or "" for f in s["frames"]] for s in document["stacks"]
		 if s["kind"] == "heap" and s["end"] == "root"]
	expect(any(any("makeBuffers" in a and "callMaker" in b for a, b in zip(n, n[1:]))
		   for n in names), f"no stack leads through the two functions: {names[:5]}")


main(globals())
