#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Stock programs at work, without frame pointers: how much of what they allocate has a stack that is
whole, from the allocator out to the program's or the thread's very first function.
"""

import shutil
import socket
import struct

from harness import *

SECONDS = 2
SHARE = 0.99
UNWIND = os.path.join(ROOT, "tests", "unwind")

PERL = r"""
while (1) {
	my (%h, @a);
	for my $i (1 .. 2000) { $h{"key $i"} = [$i, "value " x ($i % 9), { n => $i }]; }
	@a = sort { $h{$a}[1] cmp $h{$b}[1] } keys %h;
	(my $text = join ",", @a) =~ s/(\d+)/sprintf("%05d", $1 * 7)/ge;
	my @fields = map { [split / /] } split /,/, $text;
	eval { die { code => scalar @fields } };
	local $_ = pack "w*", 1 .. 500;
	my @lines = map { "line $_ " x 60 } 1 .. 3000;
	my $sum = unpack "%32w*", $_;
}
"""

SQL = """
create table t(a integer primary key, b text, c text);
create index i on t(b);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
	insert into t select null, hex(randomblob(20)), printf('%x', random()) from n;
select count(*), group_concat(substr(c, 1, 3), '-') from
	(select * from t where b like '%7f%' order by c) group by substr(b, 1, 2);
select json_group_array(json_object('b', x.b, 'c', y.c)) from t x join t y on y.a = x.a + 1;
update t set c = replace(upper(c), '0', 'zero') where a % 3 = 0;
drop table t;
"""

NODE = """
const zlib = require('zlib'), crypto = require('crypto'), events = new Map();
function build(n) { return n ? { n, text: 'x'.repeat(n * 10), inner: build(n - 1) } : null; }
function round(i) {
	const text = JSON.stringify(build(60));
	events.set(i % 500, JSON.parse(text));
	[...events.values()].sort((a, b) => a.n - b.n).map(e => e.text.replace(/x(x+)/g, '$1y'));
	const packed = zlib.deflateSync(Buffer.from(text));
	zlib.inflate(packed, (e, data) => crypto.createHash('sha256').update(data).digest('hex'));
	new Promise(done => setImmediate(done)).then(() => round(i + 1));
}
round(0);
"""

NGINX = """
daemon off; master_process off; pid {0}/pid; error_log {0}/error;
events {{ worker_connections 64; }}
http {{
	access_log {0}/access; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;
	fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
	gzip on; gzip_min_length 1; gzip_types *;
	server {{
		listen unix:{0}/inner;
		root {0};
		autoindex on;
	}}
	server {{
		listen unix:{0}/socket;
		location / {{ proxy_pass http://unix:{0}/inner:/; proxy_buffering on; }}
	}}
}}
"""


def quiet(args, **options):
	return spawn(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def await_line(child):
	"""Until it has started: the files that it loads then are no concern of this test."""
	expect(Lines(child.stdout).next(60), "the program ended at once")
	return child.pid


def run_text(args, text):
	"""A program that is given this text over and over."""
	child = quiet(args, stdin=subprocess.PIPE)

	def feed():
		try:
			while True:
				child.stdin.write(text.encode())
		except OSError:
			pass	# it has ended
	threading.Thread(target=feed, daemon=True).start()
	return child.pid


def python(directory, **environment):
	return await_line(spawn(["/usr/bin/python3", os.path.join(UNWIND, "varied.py")],
				stdout=subprocess.PIPE, env={**os.environ, **environment}))


def python_malloc(directory):
	return python(directory, PYTHONMALLOC="malloc")


def perl(directory):
	return quiet(["perl", "-e", PERL]).pid


def sqlite(directory):
	return run_text(["sqlite3", ":memory:"], SQL)


def node(directory):
	return quiet(["node", "-e", NODE]).pid


def await_socket(path, child):
	for _ in range(200):
		if os.path.exists(path):
			return
		time.sleep(0.05)
	raise Failed(f"no server at {path}: {child.poll()}")


def redis(directory):
	path = os.path.join(directory, "redis")
	server = quiet(["redis-server", "--port", "0", "--unixsocket", path, "--save", "",
			"--appendonly", "no", "--dir", directory])
	await_socket(path, server)
	quiet(["redis-benchmark", "-s", path, "-n", "100000000", "-r", "10000", "-d", "300", "-t",
	       "set,lpush,lrange_100,sadd,hset,zadd,zpopmin"])
	return server.pid


def ask_server(path):
	try:
		while True:
			with socket.socket(socket.AF_UNIX) as s:
				s.connect(path)
				s.sendall(b"GET / HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
				while s.recv(65536):
					pass
	except OSError:
		pass	# it has ended


def nginx(directory):
	conf = os.path.join(directory, "conf")
	with open(conf, "w") as f:
		f.write(NGINX.format(directory))
	server = quiet([shutil.which("nginx") or "/usr/sbin/nginx", "-c", conf, "-e",
			os.path.join(directory, "error")])
	await_socket(os.path.join(directory, "socket"), server)
	for _ in range(2):
		threading.Thread(target=ask_server, args=(os.path.join(directory, "socket"),),
				 daemon=True).start()
	return server.pid


def big_source(path):
	with open(path, "w") as f:
		f.write("int printf(const char *, ...);\n")
		for i in range(3000):
			f.write(f"struct s{i} {{ int a[{i + 1}]; struct s{i} *next; }};\n"
				f"int f{i}(int a, int b, struct s{i} *s)\n{{\n"
				f"\tfor (int k = a; k < b; k++)\n"
				f"\t\ts->a[k % {i + 1}] += s->next->a[0] * a + (b ^ {i});\n"
				f"\tswitch (a) {{ case 1: return printf(\"%d\", b);\n"
				f"\tcase {i + 2}: return s->a[a / 3] + f{max(i - 1, 0)}(b, a, 0); }}\n"
				f"\treturn a * {i};\n}}\n")


def compiler(name, *args):
	path = subprocess.run(["gcc", f"-print-prog-name={name}"], check=True, text=True,
			      capture_output=True).stdout.strip()
	return quiet([path, "-quiet", "-O2", "-o", "/dev/null", *args]).pid


def cc1(directory):
	source = os.path.join(directory, "big.c")
	big_source(source)
	return compiler("cc1", source)


def gdb(directory):
	return quiet(["gdb", "-nx", "-batch", "-x", os.path.join(UNWIND, "browse.gdb")]).pid


# What is run, under which name it is to be found, how it is started.
PROGRAMS_RUN = (
	("python3", "python3", python),
	("python3, PYTHONMALLOC=malloc", "python3", python_malloc),
	("perl", "perl", perl),
	("sqlite3", "sqlite3", sqlite),
	("redis-server", "redis-server", redis),
	("nginx", "nginx", nginx),
	("node", "node", node),
	("cc1", "gcc", cc1),
	("gdb", "gdb", gdb),
)


def is_installed(name):
	return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def entry_of(path):
	"""Where a program starts: e_entry of its ELF header."""
	with open(path, "rb") as f:
		return struct.unpack("<Q", f.read(32)[24:])[0]


def is_start(frame, exe):
	"""_start, by name or where the file says that it is; or what a thread begins in."""
	if frame.get("function") in ("_start", "clone3", "clone", "__clone3", "__clone"):
		return True
	return frame.get("module") == exe and 0 < frame["offset"] - entry_of(exe) < 64


def allocating(document, pid):
	"""Its stacks that have allocated, each with how it ended: "wrong" is no start's frame."""
	exe = process_of(document, pid)["exe"]
	for s in document["stacks"]:
		if s["pid"] != pid or s["kind"] == "before_attach" or not s["allocated_total"]:
			continue
		end = s["end"]
		if end == "root" and not is_start(s["frames"][-1], exe):
			end = "wrong"
		yield end, s


def show_cut(stacks):
	"""Those that were cut short, largest first: what there is to mend."""
	cut = [(end, s) for end, s in stacks if end != "root"]
	cut.sort(key=lambda pair: -pair[1]["allocated_total"])
	for end, s in cut[:3]:
		print(f"    {end} {s['allocated_total']} bytes, {len(s['frames'])} frames")
		for f in s["frames"][-5:]:
			print(f"      {f.get('address', 0):#x} {f.get('function')} {f.get('module')}")


def measure(name, start):
	"""One line of the table; the share."""
	with tempfile.TemporaryDirectory() as directory:
		pid = start(directory)
		time.sleep(0.3)
		memtop = Memtop(["-p", pid, "-D", SECONDS], delay=SECONDS, attach=False)
		memtop.ended(status=(0, 5, 6), timeout=60)
		document = memtop.documents[-1]
		end_children()
	stacks = list(allocating(document, pid))
	bytes_by = {}
	for end, s in stacks:
		bytes_by[end] = bytes_by.get(end, 0) + s["allocated_total"]
	total = sum(bytes_by.values())
	expect(total > MIB / 4, f"{name} has allocated only {total} bytes meanwhile")
	share = bytes_by.get("root", 0) / total
	ends = document["stack_ends"]
	known = ends["known"] / ends["walked"]
	why = " ".join(f"{end} {n / total:.3%}" for end, n in bytes_by.items() if end != "root")
	print(f"{name:30} {share:9.3%} {total / MIB:9.1f} {len(stacks):7} {known:6.0%} {why}")
	if share < SHARE:
		show_cut(stacks)
	return share


def roots(*names):
	print(f"{'program':30} {'to root':>9} {'MiB':>9} {'stacks':>7} {'known':>6}")
	low = []
	for name, command, start in PROGRAMS_RUN:
		if names and name not in names:
			continue
		if not is_installed(command):
			print(f"{name:30} skipped: not installed")
		elif measure(name, start) < SHARE:
			low.append(name)
	expect(not low, f"less than {SHARE:.0%} of the bytes have a whole stack: {', '.join(low)}")


main(globals())
