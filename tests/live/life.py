#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lives and deaths: of targets, of memtop, of programs born while memtop watches the machine."""

import errno
import random
import resource
import shutil
import struct

from harness import *


# --- what is left behind -------------------------------------------------------------------------


def bpftool(what):
	text = subprocess.run(["bpftool", "-j", what, "show"], capture_output=True, check=True,
			      text=True).stdout
	return json.loads(text or "[]")


def bpf_objects():
	return {(what, o["id"]) for what in ("prog", "link") for o in bpftool(what)}


def held_by_others():
	"""Other memtops may run on this machine."""
	return set().union(*(bpf_ids(pid) for pid in os.listdir("/proc") if pid.isdigit()))


def pins():
	return sorted(os.path.join(at, name) for at, _, names in os.walk("/sys/fs/bpf")
		      for name in names)


def expect_nothing_left(before, pinned):
	"""What is new since `before` must go, but for what other processes hold."""
	for _ in range(100):
		left = bpf_objects() - before
		left -= held_by_others() if left else set()
		if not left:
			break
		time.sleep(0.1)
	expect(not left, f"left behind: {sorted(left)[:10]}")
	expect(pins() == pinned, "pinned objects are left")


# --- programs that change on disk ----------------------------------------------------------------

STATIC = r"""
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	__asm__ volatile(".rept %d\n nop\n .endr");
	for (int i = 0; i < 100000; i++) {
		char *p = malloc(100 + i %% 50);

		memset(p, 1, 100);
		free(realloc(p, 5000));
		if (i %% 100 == 0)
			usleep(1000);
	}
	return 0;
}
"""


def overwritten():
	"""A program with probes in it that others are written over, and run at once."""
	if subprocess.run(["gcc", "-x", "c", "-static", "-o", "/dev/null", "-"], check=False,
			  input="int main(void){return 0;}", text=True).returncode:
		raise Skipped("no static C library")
	with tempfile.TemporaryDirectory() as directory:
		built, name = [], f"over{os.getpid()}"
		path = os.path.join(directory, name)
		# the malloc of each lies 16 bytes before that of the one before
		for i in range(6):
			built.append(os.path.join(directory, f"built{i}"))
			subprocess.run(["gcc", "-O1", "-x", "c", "-static", "-o", built[-1], "-"],
				       check=True, input=STATIC % (97 - 16 * i), text=True)
		shutil.copy(built[0], path)
		memtop = Memtop(["-n", name], attach=False)
		for _ in range(600):	# until it is measured
			subprocess.run([path], check=True)
			if not memtop.lines.queue.empty():
				break
			time.sleep(0.05)
		for i, file in enumerate(built):
			with open(file, "rb") as f, open(path, "wb") as to:
				to.write(f.read())
			done = subprocess.run([path], check=False, timeout=60)
			expect(done.returncode == 0, f"program {i} ended by {done.returncode}")
		memtop.stop()
	# all are measured, too, though memtop may meet each after its first calls
	pids = {s["pid"] for document in memtop.documents for s in document["stacks"]
		if s["kind"] == "heap" and s["allocations"] > 1000}
	expect(len(pids) >= len(built), f"{len(pids)} processes were counted")
	expect("was written to" in memtop.errors(), "memtop did not say that probes are off")


def forbid_inotify():
	"""From now on inotify_init1() says EMFILE to this process, as at the limit of the user's."""
	load, equal, give = 0x20, 0x15, 0x06	# linux/filter.h: LD|W|ABS, JMP|JEQ|K, RET|K
	code = b"".join(struct.pack("HBBI", *i) for i in (
		(load, 0, 0, 0), (equal, 0, 1, 294), (give, 0, 0, 0x00050000 | errno.EMFILE),
		(give, 0, 0, 0x7fff0000)))
	held = ctypes.create_string_buffer(code)
	filter = struct.pack("HxxxxxxQ", 4, ctypes.addressof(held))
	prctl = ctypes.CDLL(None).prctl
	prctl(38, 1, 0, 0, 0)	# PR_SET_NO_NEW_PRIVS
	if prctl(22, 2, filter, 0, 0):	# PR_SET_SECCOMP, SECCOMP_MODE_FILTER
		os._exit(99)


def no_watch():
	"""Where no file can be watched none is probed, and memtop says which limit is in the way."""
	target = Target("small")
	done = subprocess.run([MEMTOP, "-p", str(target.pid), "-b", "-i", "1"], check=False,
			      capture_output=True, text=True, preexec_fn=forbid_inotify)
	expect(done.returncode == 1, f"memtop's exit status is {done.returncode}")
	expect("max_user_instances" in done.stderr, f"memtop says {done.stderr!r}")


# --- memtop's death ------------------------------------------------------------------------------


def undisturbed(steps):
	"""What the target says of so many steps when nobody looks at it, and without its pauses."""
	return subprocess.run([program("checksum"), str(steps), "0"], check=True, text=True,
			      capture_output=True).stdout.splitlines(keepends=True)[1:]


def ended(how, times, seed):
	"""memtop ended at random moments: the target's output is as if it had never been there."""
	how = getattr(signal, how)
	rng = random.Random(int(seed))
	steps = "100000000"	# it ends when the test does
	before, pinned = bpf_objects(), pins()
	target = Target(["checksum", steps])
	for _ in range(int(times)):
		memtop = Memtop(["-p", target.pid], delay=0.05, attach=False)
		moment = rng.uniform(0, 0.7)
		time.sleep(moment)
		expect(target.child.poll() is None, "the target ended too early for this test")
		if how == signal.SIGKILL:
			memtop.stop(how, -how)
		else:
			# before main() the signal ends it as it ends any program
			memtop.stop(how, (0, -how) if moment < 0.1 else 0)
	expect_nothing_left(before, pinned)
	expect(target.child.poll() is None, "the target ended too early for this test")
	# what it has said up to now must be the beginning of what it says undisturbed
	target.child.terminate()
	said = []
	while (line := target.lines.next(10)) is not None:
		said.append(line)
	expect(len(said) > 5, f"the target said {said}")
	want = undisturbed(100 * len(said))
	expect(said == want, f"the target's output changed: {said[-1]} is not {want[-1]}")


def holds():
	"""While it runs it does hold programs and links: else the tests for leftovers tell nothing."""
	target = Target("small")
	memtop = Memtop(["-p", target.pid])
	kinds = {what for what, _ in bpf_ids(memtop.child.pid)}
	expect(kinds == {"prog", "link"}, f"memtop holds {kinds}")
	memtop.stop()


def in_good_order(how):
	"""SIGINT and SIGTERM: the last document is whole, and the status is 0, at once."""
	target = Target("small")
	memtop = Memtop(["-p", target.pid], delay=30, attach=False)
	time.sleep(1.5)
	start = time.monotonic()
	memtop.stop(getattr(signal, how), 0)
	took = time.monotonic() - start
	expect(took < 3, f"it took {took:.1f} s to end")
	expect(memtop.errors() == "", f"it said: {memtop.errors()}")
	expect(target.child.poll() is None, "the target has ended")


# --- the target's death --------------------------------------------------------------------------


LARGE = r"""
import mmap, sys, time
area = mmap.mmap(-1, int(sys.argv[1]), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
area.madvise(mmap.MADV_NOHUGEPAGE)
for i in range(0, len(area), 4096):
	area[i] = 1
print("READY", flush=True)
time.sleep(600)
"""


def slow_death():
	"""Pages are freed for a while: until all are gone the last figures stand, and none is made up."""
	target = Target(["/usr/bin/python3", "-c", LARGE, str(2 * GIB)])
	memtop = Memtop(["-p", target.pid], delay=0.05)
	before = process_of(memtop.fresh(), target.pid)
	began = time.time_ns()
	target.child.kill()
	target.child.wait()
	took = time.time_ns() - began
	memtop.ended()
	rows = [(d["time_ns"] - began, process_of(d, target.pid)) for d in memtop.documents
		if d["time_ns"] > began]
	for _, p in rows:
		expect(p.get("rss", 0) >= before["rss"] * 0.9, f"rss was {before['rss']}, and dying {p}")
	ended = [moment for moment, p in rows if p.get("exited")]
	expect(len(ended) == 1, f"it ended in {len(ended)} of {len(rows)} documents")
	expect(ended[0] > took / 2, f"it took {took} ns to end, and had done so after {ended[0]}")


HEADLESS = r"""
import ctypes, mmap, sys, threading, time
def work():
	ctypes.CDLL(None).prctl(15, b"a worker")	# PR_SET_NAME
	gone.wait()
	time.sleep(0.5)
	area = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
	area.write(b"1" * len(area))
	print("REST", flush=True)
	time.sleep(600)
gone = threading.Event()
threading.Thread(target=work, daemon=True).start()
ctypes.CDLL(None).prctl(15, b"headless")
print("READY", flush=True)
sys.stdin.readline()
gone.set()
ctypes.CDLL(None).syscall(60, 0)	# exit: of this thread alone
"""


def headless():
	"""The main thread ends before another, which goes on to map memory and to fill it."""
	target = Target(["/usr/bin/python3", "-c", HEADLESS])
	memtop = Memtop(["-p", target.pid])
	target.run()
	with open(f"/proc/{target.pid}/stat") as f:
		expect(f.read().rsplit(")", 1)[1].split()[0] == "Z", "the main thread still runs")
	p = process_of(memtop.fresh(), target.pid)
	expect(p["resident"] >= 64 * MIB, f"resident is {p['resident']}")
	expect(p.get("rss", 0) >= 64 * MIB, f"rss is {p.get('rss')}")
	expect(p["rss_accounts"]["mappings"] >= 64 * MIB, f"accounts: {p['rss_accounts']}")
	memtop.stop()
	# who comes later is told what is left to do, and finds it by that other thread
	late = subprocess.run([MEMTOP, "-p", str(target.pid)], capture_output=True, text=True)
	expect(late.returncode == 5 and "; -n headless tells" in late.stderr,
	       f"status {late.returncode}: {late.stderr}")
	named = subprocess.run([MEMTOP, "-n", "headless", "--json", "-i", "1"],
			       capture_output=True, check=True)
	p = process_of(json.loads(named.stdout), target.pid)
	expect(p["comm"] == "headless", f"the process is called {p['comm']}")
	expect(p["rss"] >= 64 * MIB and "resident" not in p, f"for who comes later it is {p}")


def killed(times, seed):
	"""The target dies at random moments, in the middle of everything: no crash, status 0 or 5."""
	rng = random.Random(int(seed))
	before, pinned = bpf_objects(), pins()
	for _ in range(int(times)):
		target = Target(["exits", str(rng.randrange(1, 400)), "2"])
		memtop = Memtop(["-p", target.pid], delay=0.05, attach=False)
		if rng.random() < 0.7:
			time.sleep(rng.uniform(0, 0.6))
		target.go()
		target.child.wait(20)
		memtop.ended((0, 5))
		for d in memtop.documents:
			raise_errors(check.document_errors(d))
	expect_nothing_left(before, pinned)


def exit_in_order():
	"""A target that ends by itself: a last document with its last figures, status 0."""
	target = Target("small")
	memtop = Memtop(["-p", target.pid])
	told = target.run()
	memtop.fresh()
	target.finish()
	memtop.ended(0)
	last = [d for d in memtop.documents if d["processes"]][-1]
	p = process_of(last, target.pid)
	expect(p.get("exited") is True, f"the last document does not say that it exited: {p}")
	expect(sums(last, {"small_block"})["small_block"]["allocations"] == 200,
	       f"the last figures are missing: {told}")


# --- the whole machine ---------------------------------------------------------------------------


def born(name, others="0"):
	"""
	A program that starts while memtop runs is counted from its first allocation.

	Where the rest of the machine is so busy that memtop loses something, and says so, the figures
	are lower bounds, and nothing is proved: then once more.
	"""
	# the stack that a thread gets is of this size
	resource.setrlimit(resource.RLIMIT_STACK, (8 * MIB, resource.RLIM_INFINITY))
	for _ in range(3):
		if born_once(name, int(others)):
			return
	raise Failed("memtop lost something three times")


def born_once(name, others):
	memtop = Memtop(["-a"], delay=0.5, wait=60)
	target = Target([name, "--now"], wait=None)
	told = target.until("REST")
	document = memtop.fresh(checked=False)
	if any(document["lost"][what] for what in ("events", "blocks", "stacks")):
		memtop.stop(status=6)
		target.child.kill()
		return False
	process_of(document, target.pid)
	own = {**document, "processes": [p for p in document["processes"] if p["pid"] == target.pid],
	       "stacks": [s for s in document["stacks"] if s["pid"] == target.pid]}
	raise_errors(check.document_errors(own))
	expect_truth(document, told, target.pid, others=others)
	memtop.stop(status=(0, 6))
	return True


def everybody():
	"""-a shows every process that has an address space, each with accounts that add up."""
	memtop = Memtop(["-a"], delay=0.5, wait=60)
	document = memtop.fresh(lost=True)
	expect(len(document["processes"]) > 1, "only one process was seen")
	shown = {p["pid"] for p in document["processes"]}
	missing = [pid for pid in user_processes() if pid not in shown and pid != memtop.child.pid]
	gone = [pid for pid in missing if not os.path.exists(f"/proc/{pid}")]
	expect(len(missing) == len(gone), f"not shown: {missing}")
	memtop.stop(status=(0, 6))


def user_processes():
	for name in filter(str.isdigit, os.listdir("/proc")):
		try:
			with open(f"/proc/{name}/maps") as maps:
				if maps.read(1):
					yield int(name)
		except OSError:
			pass	# no process, or one that not even root may look into


def by_name():
	"""-n: only processes of that name, also one that starts later."""
	first, other = Target("small"), Target("touch")
	memtop = Memtop(["-n", "small"])
	told = first.run()
	second = Target(["small", "--now"], wait=None)
	told_too = second.until("REST")
	document = memtop.fresh()
	shown = {p["pid"] for p in document["processes"]}
	expect(other.pid not in shown, "a process of another name is shown")
	expect_truth(document, told, first.pid)
	# what the loader and the C library allocate before main
	expect_truth(document, told_too, second.pid, others=128 * 1024)
	memtop.stop()


def by_thread_name():
	"""-n means the name of a process, not that of one of its threads."""
	name = f"work{os.getpid()}"
	target = Target(["/usr/bin/python3", "-c", f"""
import ctypes, threading, time
def work():
	ctypes.CDLL(None).prctl(15, {name.encode()!r}, 0, 0, 0)	# PR_SET_NAME
	print("READY", flush=True)
	time.sleep(600)
threading.Thread(target=work).start()
"""])
	done = subprocess.run([MEMTOP, "-n", name, "-b", "-i", "1"], check=False,
			      capture_output=True, text=True, timeout=30)
	expect(done.returncode == 5, f"exit status {done.returncode}: {done.stdout}")
	target.child.kill()


def iterations():
	"""-n with -i: as many looks as were asked for, also when the last process has ended meanwhile."""
	with tempfile.TemporaryDirectory() as directory:
		path = os.path.join(directory, f"iter{os.getpid()}")
		shutil.copy(program("small"), path)
		target = Target([path])
		memtop = Memtop(["-n", os.path.basename(path), "-i", "6"])
		target.child.kill()
		target.child.wait()
		memtop.ended()


def by_user():
	"""-u: only processes of that user."""
	path = program("small")
	mine = Target([path])
	theirs = Target([shutil.which("setpriv"), "--reuid=65534", "--clear-groups", path], wait=None) \
		if reachable(path) else None
	if not theirs:
		raise Skipped(f"user 65534 cannot reach {path}")
	theirs.until("READY")
	memtop = Memtop(["-u", "65534"])
	told = theirs.run()
	mine.run()
	document = memtop.fresh()
	expect_truth(document, told, theirs.pid)
	expect(mine.pid not in {p["pid"] for p in document["processes"]}, "root's process is shown")
	memtop.stop()


def reachable(path):
	return subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "test", "-x", path],
			      check=False).returncode == 0


EXECS = """
import mmap, os, sys
print("READY", flush=True)
sys.stdin.readline()
kept = [b"x" * (400 << 20)]
print("REST", flush=True)
sys.stdin.readline()
os.execv("/usr/bin/tail", ["tail", "-f", "/dev/null"])
"""


def execs():
	"""A large program that calls exec is still the process that was asked for."""
	for delay in (0.02, 0.05, 0.1):
		target = Target(["/usr/bin/python3", "-c", EXECS])
		memtop = Memtop(["-p", target.pid], delay=delay)
		target.run()
		memtop.fresh(checked=False)
		target.go()
		end = time.time() + 20
		while process_names(memtop.next(), target.pid)[-1:] != ["tail"]:
			expect(time.time() < end, "what it runs now is not measured")
		target.child.kill()
		target.child.wait()
		memtop.ended()


def process_names(document, pid):
	return [p["comm"] for p in document["processes"] if p["pid"] == pid and not p.get("exited")]


def two_pids():
	"""-p A,B: both, each with its own figures."""
	targets = [Target("small"), Target("small")]
	memtop = Memtop(["-p", f"{targets[0].pid},{targets[1].pid}"])
	told = [t.run() for t in targets]
	document = memtop.fresh()
	for target, truth in zip(targets, told):
		expect_truth(document, truth, target.pid)
	targets[0].finish()
	document = memtop.fresh()
	expect_truth(document, told[1], targets[1].pid)
	memtop.stop()


def at_once():
	"""Two memtops on one target: both right, and one's end leaves the other measuring."""
	target = Target("kinds_cxx")
	first, second = Memtop(["-p", target.pid]), Memtop(["-p", target.pid])
	third = Memtop(["-p", target.pid])
	third.stop()
	told = target.run()
	expect_truth(first.fresh(), told)
	first.stop()
	expect_truth(second.fresh(), told)
	second.stop()


# --- targets that are refused --------------------------------------------------------------------


def refused(args, status):
	"""memtop says why in one sentence and ends with `status`."""
	done = subprocess.run([MEMTOP, *map(str, args), "--json", "-b", "-i", "1"], check=False,
			      capture_output=True, text=True, timeout=30)
	expect(done.returncode == status, f"exit status {done.returncode}, not {status}: "
	       f"{done.stderr}")
	lines = done.stderr.strip().splitlines()
	expect(len(lines) == 1, f"not one sentence: {done.stderr!r}")
	expect(done.stdout == "", f"it wrote {done.stdout[:100]!r}")
	expect("libbpf" not in done.stderr, done.stderr)
	return lines[0]


def kernel_thread():
	for name in os.listdir("/proc"):
		if name.isdigit():
			with open(f"/proc/{name}/stat") as f:
				flags = int(f.read().rsplit(")", 1)[1].split()[6])
			if flags & 0x00200000:  # PF_KTHREAD
				break
	else:
		raise Skipped("no kernel thread in this pid namespace")
	said = refused(["-p", name], 5)
	expect("kernel thread" in said, said)


def zombie():
	child = spawn(["true"])
	for _ in range(1000):
		with open(f"/proc/{child.pid}/stat") as f:
			if f.read().rsplit(")", 1)[1].split()[0] == "Z":
				break
		time.sleep(0.005)
	refused(["-p", child.pid], 5)


def bits32():
	"""A 32-bit target: one clear sentence, and the target lives on."""
	target = Target("small_32")
	done = subprocess.run([MEMTOP, "-p", str(target.pid), "--json", "-b", "-i", "1"],
			      check=False, capture_output=True, text=True, timeout=30)
	expect(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
	expect("32" in done.stderr and len(done.stderr.splitlines()) == 1,
	       f"not one clear sentence: {done.stderr!r}")
	expect(len(target.run()) == 1 and target.finish() == 0, "the target was disturbed")


def becomes_32():
	"""A target that becomes a 32-bit program: its process says that its calls are not counted."""
	target = Target(["/bin/sh", "-c", f"echo READY; read go; exec {program('small_32')}"])
	memtop = Memtop(["-p", target.pid])
	expect("warnings" not in process_of(memtop.fresh(), target.pid), "warned too early")
	target.go()
	target.until("READY")
	document = memtop.fresh()
	expect_warning(document, target.pid, "32-bit")
	memtop.stop()


main(globals())
