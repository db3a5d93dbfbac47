/** One program to run both natively and in a micro-VM. Both start in an empty scratch directory. */
export interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  readonly stdin?: string;
  /** Programs the case cannot do without. */
  readonly needs?: readonly string[];
}

const bash = (name: string, code: string, stdin?: string): Case => ({
  name: `bash: ${name}`,
  argv: ["bash", "-c", code],
  ...(stdin === undefined ? {} : { stdin }),
});
const sh = (name: string, code: string): Case => ({ name: `sh: ${name}`, argv: ["sh", "-c", code] });
const python = (name: string, code: string, stdin?: string): Case => ({
  name: `python: ${name}`,
  argv: ["python3", "-c", code],
  ...(stdin === undefined ? {} : { stdin }),
});

const needing = (needs: readonly string[], program: Case): Case => ({ ...program, needs });

const FILES = `mkdir -p d/e; for i in 1 2 3 4 5; do echo "line $i of $((i*i))" > d/f$i.txt; done; echo needle > d/e/deep.txt; printf 'b\\na\\nc\\n' > u`;

export const shellCases: readonly Case[] = [
  bash(
    "arithmetic and loops",
    "for i in 1 2 3; do echo $((i*7)); done; i=0; while [ $i -lt 3 ]; do echo w$i; i=$((i+1)); done",
  ),
  bash("subshell and exit code", "(exit 3); echo $?; (cd /; pwd); pwd | grep -c .; exit 7"),
  bash("here-document", "x=5\ncat <<EOF\nvalue $x $((x+1))\nEOF\ncat <<'E'\n$x\nE"),
  bash("here-string and process substitution", "cat <<< hello; diff <(echo a) <(echo b); echo $?"),
  bash("trap", "trap 'echo bye' EXIT; trap 'echo usr1' USR1; kill -USR1 $$; echo after"),
  bash("trap during wait", "trap 'echo term; exit 5' TERM; (sleep 0.05; kill -TERM $$) & wait; echo unreachable"),
  bash("background jobs", "sleep 0.05 & p=$!; (exit 4) & q=$!; wait $q; echo $?; wait $p; echo $?; jobs"),
  bash("many background jobs", "for i in 1 2 3 4 5 6 7 8; do (echo $i) & done | sort; wait; echo done"),
  bash("pipeline status", "set -o pipefail; false | true; echo $?; true | (exit 9) | true; echo ${PIPESTATUS[@]} $?"),
  bash("sigpipe", "yes | head -3; echo ${PIPESTATUS[@]}"),
  bash("large pipe", "seq 1 200000 | tail -1; seq 1 100000 | md5sum; head -c 3000000 /dev/zero | wc -c"),
  bash("read loop", "seq 1 5 | while read a; do echo got $a; done"),
  bash(
    "functions and arrays",
    'f() { local a=("$@"); echo ${#a[@]} ${a[-1]}; }; f x "y z" w; declare -A m; m[k]=v; echo ${m[k]}',
  ),
  bash("globs", `${FILES}; echo d/*.txt; shopt -s globstar; echo d/**/*.txt; echo nomatch*`),
  bash(
    "redirections",
    "exec 3>out; echo to3 >&3; exec 3>&-; cat out; echo err >&2; { echo a; echo b >&2; } > both 2>&1; cat both; echo x >> both; wc -l < both; cat < nofile; echo $?",
  ),
  bash(
    "dev files",
    "echo x > /dev/null; head -c 5 /dev/zero | od -c; echo e > /dev/stderr; echo o > /dev/stdout; [ -c /dev/null ] && echo char; dd if=/dev/zero of=f bs=1k count=4 2>/dev/null; stat -c %s f",
  ),
  bash(
    "noclobber and missing",
    "set -C; echo a > f; echo b > f; echo $?; cat f; nosuchcommand; echo $?; ./f; echo $?; touch g; chmod +x g; ./g; echo $?",
  ),
  bash(
    "script with shebang",
    "printf '#!/bin/sh\\necho script $1 $0\\n' > s; chmod +x s; ./s arg; printf '#!/usr/bin/env bash\\necho env $BASH_SUBSHELL' > t; chmod +x t; ./t; printf 'echo plain' > p; chmod +x p; ./p",
  ),
  bash(
    "signals to children",
    "sleep 10 & p=$!; kill -9 $p; wait $p; echo $?; sleep 10 & p=$!; kill $p; wait $p; echo $?",
  ),
  bash("ulimit and umask", "umask 077; touch f; stat -c %a f; mkdir d; stat -c %a d; umask"),
  bash("coproc", "coproc cat; echo hi >&${COPROC[1]}; read x <&${COPROC[0]}; echo $x"),
  bash("stdin", "cat; read x || echo eof", "from stdin\nsecond\n"),
  bash("select timeout", "read -t 0.05 x < <(sleep 1); echo $?"),
  bash("exec replaces", "exec echo replaced; echo no"),
  bash("cd and symlinks", "mkdir -p a/b; ln -s a/b l; cd l; pwd | sed 's#.*/##'; pwd -P | sed 's#.*/##'; cd ..; ls"),
  bash("mkfifo", "mkfifo p; (echo through > p) & cat p; wait; [ -p p ] && echo fifo; rm p"),
  bash("job control off", "set -m; sleep 0.05 & fg >/dev/null; echo $?"),
  bash("time and printf", "printf '%05d|%-5s|%x|%q\\n' 42 ab 255 'a b'; printf '%(%Y)T\\n' 0"),
  bash("kill by segv", "bash -c 'kill -SEGV $$'; echo $?; bash -c 'kill -KILL $$'; echo $?"),
  sh(
    "dash basics",
    "set -e; for i in a b; do echo $i; done; x=$(echo sub | tr a-z A-Z); echo $x; [ -d /usr ] && echo dir; false || exit 6",
  ),
  sh("dash trap and wait", "trap 'echo int' INT; kill -INT $$; sleep 0.01 & wait $!; echo $?"),
];

export const toolCases: readonly Case[] = [
  needing(
    ["pdftotext"],
    bash(
      "pdftotext",
      "pdftotext report.pdf - | head -50; pdftotext -layout report.pdf out.txt; wc out.txt; md5sum out.txt; pdftotext -f 3 -l 4 report.pdf - | grep -c line; pdfinfo report.pdf | grep Pages; pdftotext missing.pdf; echo $?",
    ),
  ),
  bash(
    "find xargs grep",
    `${FILES}; find d -type f -name '*.txt' | sort | xargs grep -n 'of' | head; find d -name '*.txt' -print0 | xargs -0 grep -l needle; find . -newer u | wc -l; find d -type f -exec wc -c {} + | tail -1`,
  ),
  bash(
    "sort uniq cut",
    `${FILES}; sort u; sort -r u; printf '3\\n10\\n2\\n' | sort -n; printf 'a a\\nb b\\na a\\n' | sort | uniq -c; cut -d' ' -f2 d/f3.txt; paste u u; comm <(sort u) <(printf 'a\\nz\\n'); join <(sort u) <(sort u)`,
  ),
  bash(
    "big sort",
    "seq 1 50000 | sort -R --random-source=<(yes) | sort -n | md5sum; seq 1 300000 | sort -S 1M -r | head -2",
  ),
  bash(
    "awk",
    'seq 1 1000 | awk \'{s+=$1} END {print s, NR}\'; awk \'BEGIN { "echo sub" | getline x; print x; printf "%.3f\\n", atan2(0,-1); print toupper("abc") }\'',
  ),
  bash(
    "sed",
    "seq 1 10 | sed -n '2,4p;s/9/nine/p'; printf 'hello\\n' | sed -E 's/(l+)/<\\1>/'; printf 'a\\nb\\n' > f; sed -i.bak 's/a/z/' f; cat f f.bak; ls",
  ),
  bash(
    "tar gzip",
    `${FILES}; tar c d | gzip -n | tar xz --one-top-level=x; diff -r d x/d && echo same; tar cf t.tar d; tar tf t.tar | sort; gzip -k t.tar; gunzip -c t.tar.gz | cmp - t.tar && echo cmp; rm -r d; tar xf t.tar; ls d`,
  ),
  bash(
    "compressors",
    "seq 1 10000 > f; for c in gzip bzip2 xz; do $c -k f 2>/dev/null && $c -dc f.* | cmp - f && echo $c; rm -f f.*; done",
  ),
  bash(
    "sha256sum",
    `${FILES}; sha256sum u d/*.txt > sums; sha256sum -c sums; echo changed >> u; sha256sum -c sums; echo $?; md5sum < u; cksum u`,
  ),
  bash(
    "diff and patch",
    "printf 'a\\nb\\nc\\n' > x; printf 'a\\nB\\nc\\nd\\n' > y; diff x y; echo $?; diff -u x y | tail -n +3; cmp x y; echo $?",
  ),
  needing(
    ["jq"],
    bash(
      "jq",
      `echo '{"a":[1,2,{"b":"x"}],"n":1.5}' | jq -c '.a[2].b, (.a|length), .n*2'; echo '[3,1,2]' | jq 'sort|add'; echo bad | jq . ; echo $?`,
    ),
  ),
  bash(
    "file operations",
    "touch a; cp a b; mv b c; ln a h; ln -s a s; stat -c '%h %F' a s; cp -a s t; readlink t; rm a; cat s; echo $?; cat h; mkdir -p x/y/z; rmdir x/y/z; rm -r x; ls -1; chmod 640 h; stat -c '%a %s' h; touch -d '2020-01-02 03:04:05 UTC' h; date -u -r h +%s; truncate -s 100000 big; stat -c '%s' big; install -m 755 h i; stat -c %a i; mktemp -d -p . | wc -c",
  ),
  bash(
    "ls and du",
    `${FILES}; ls -R d; ls -1 d | wc -l; du -b u | cut -f1; df . > /dev/null; echo $?; test -e nofile; echo $?; realpath --relative-to=. d/e; basename /a/b.c .c; dirname /a/b`,
  ),
  bash(
    "text tools",
    "seq 1 20 | head -n -15; seq 1 20 | tail -n 3; tac <(seq 1 3); rev <<< abc; nl <(printf 'a\\n\\nb\\n'); fold -w 3 <<< abcdefg; expand <<< $'a\\tb'; tr -d aeiou <<< education; wc <(seq 1 100) | awk '{print $1,$2,$3}'; od -An -tx1 <<< hi; base64 <<< hello; split -l 2 <(seq 1 5) part; ls part*; tee t1 t2 <<< teed; cat t1 t2; seq -s, 5; factor 360; expr 6 \\* 7; env -i A=1 env; nproc | grep -c .; id -u; date -u -d @0 +%F; sleep 0.01; timeout 0.1 sleep 5; echo $?; yes a | head -2; shuf -i 1-5 | sort; numfmt --to=iec 1048576; printf 'x' | xxd 2>/dev/null || true",
  ),
  bash(
    "xargs parallel",
    "seq 1 6 | xargs -P 3 -I{} sh -c 'echo p{}' | sort; seq 1 5 | xargs -n 2 echo; echo a b | xargs -n1 false; echo $?",
  ),
  needing(
    ["sqlite3"],
    bash(
      "sqlite3 cli",
      `sqlite3 t.db "create table t(a int, b text); insert into t values (1,'x'),(2,'y'),(3,null); select count(*), sum(a) from t; pragma integrity_check;"; sqlite3 -header -csv t.db 'select * from t order by a desc'; sqlite3 t.db 'pragma journal_mode=wal; insert into t values(4,"w"); select count(*) from t'; sqlite3 t.db 'select * from nosuch'; echo $?`,
    ),
  ),
  needing(
    ["perl"],
    bash(
      "perl",
      `perl -e 'my %h=(a=>1,b=>2); print join(",", map {"$_=$h{$_}"} sort keys %h), "\\n"; open(my $f, ">", "p") or die; print $f "x"; close $f; print -s "p", "\\n"; print \`echo sub\`; my $pid=fork; if(!$pid){exit 3} waitpid($pid,0); print $?>>8, "\\n"; $SIG{ALRM}=sub{print "alarm\\n"; exit 0}; alarm 1; sleep 5'`,
    ),
  ),
  bash(
    "git-like",
    "mkdir r; cd r; printf 'int main(){return 42;}\\n' > m.c; grep -rn main . ; find . -name '*.c' | xargs cat",
  ),
];

export const pythonCases: readonly Case[] = [
  python(
    "json re csv",
    `
import json, re, csv, io
d = {"a": [1, 2.5, None, True], "ü": "☃"}
print(json.dumps(d, sort_keys=True), json.loads(json.dumps(d)) == d)
print(re.sub(r"(\\w+)@(\\w+)", r"\\2 at \\1", "me@home you@work"), re.findall(r"\\d+", "a1b22c333"))
w = io.StringIO(); c = csv.writer(w); c.writerow(["x", "y,z", 'q"']); print(repr(w.getvalue())); print(list(csv.reader(io.StringIO(w.getvalue()))))`,
  ),
  python(
    "hashlib zipfile",
    `
import hashlib, zipfile, io
for n in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256"): print(n, hashlib.new(n, b"data" * 1000).hexdigest())
z = zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED); z.writestr("x.txt", "hello" * 100); z.writestr("d/y", b"\\0" * 5000); z.close()
z = zipfile.ZipFile("a.zip"); print(z.namelist(), z.testzip(), z.read("x.txt")[:10]); z.extractall("out")
import os; print(sorted(os.listdir("out")), os.path.getsize("out/d/y"))`,
  ),
  python(
    "sqlite3",
    `
import sqlite3
c = sqlite3.connect("t.db"); c.execute("create table t(a integer primary key, b text)"); c.executemany("insert into t(b) values (?)", [(str(i) * 3,) for i in range(1000)]); c.commit()
print(c.execute("select count(*), max(length(b)), sum(a) from t").fetchone()); c.close()
c = sqlite3.connect("t.db"); c.execute("pragma journal_mode=wal"); c.execute("delete from t where a % 2"); c.commit(); print(c.execute("select count(*) from t").fetchone()); print(c.execute("pragma integrity_check").fetchone())`,
  ),
  python(
    "tempfile shutil",
    `
import tempfile, os, shutil
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, "f"); open(p, "w").write("x" * 100000); print(os.stat(p).st_size, oct(os.stat(p).st_mode)); os.symlink("f", os.path.join(d, "l")); print(os.readlink(os.path.join(d, "l"))); shutil.copytree(d, "copy", symlinks=True); print(sorted(os.listdir("copy")))
with tempfile.NamedTemporaryFile() as f: f.write(b"abc"); f.flush(); print(os.path.exists(f.name), os.path.getsize(f.name))
with tempfile.TemporaryFile() as f: f.write(b"tmp"); f.seek(0); print(f.read())
print(os.path.exists("copy/l")); shutil.rmtree("copy"); print(os.path.exists("copy"))`,
  ),
  python(
    "subprocess",
    `
import subprocess, sys
r = subprocess.run(["sort"], input=b"b\\na\\n", capture_output=True); print(r)
print(subprocess.run("echo $0; exit 5", shell=True, capture_output=True, text=True))
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(p.communicate(b"x" * 200000)[0] == b"x" * 200000, p.returncode)
try: subprocess.run(["sleep", "5"], timeout=0.1)
except subprocess.TimeoutExpired as e: print("timeout", e.timeout > 0.09)
try: subprocess.run(["/nonexistent"])
except FileNotFoundError as e: print(e)
print(subprocess.call(["sh", "-c", "kill -9 $$"]))
print(subprocess.check_output([sys.executable, "-c", "print(1+1)"]))`,
  ),
  python(
    "statistics decimal datetime",
    `
import statistics, decimal, datetime, fractions
print(statistics.mean([1, 2, 3, 4]), statistics.stdev([1, 2, 3, 4]), statistics.median([5, 1, 3]))
decimal.getcontext().prec = 50; print(decimal.Decimal(2).sqrt(), decimal.Decimal(1) / 7)
print(datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc).isoformat(), datetime.date(2024, 1, 1) + datetime.timedelta(days=60), fractions.Fraction(3, 9))`,
  ),
  python(
    "exceptions and exit",
    `
import sys, traceback
def f(): raise ValueError("boom")
try: f()
except ValueError: traceback.print_exc()
print("err", file=sys.stderr); sys.exit(3)`,
  ),
  python("uncaught", "def g():\n    return 1/0\nprint('before', flush=True)\ng()"),
  python("sys.exit message", "import sys; sys.exit('a message')"),
  python(
    "atexit and threads",
    `
import threading, atexit, queue, time
atexit.register(print, "at exit")
q = queue.Queue(); out = []
def work():
    while (x := q.get()) is not None: out.append(x * x); time.sleep(0.001)
ts = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in ts]; [q.put(i) for i in range(50)]; [q.put(None) for _ in ts]; [t.join() for t in ts]
print(sorted(out)[-1], len(out)); lock = threading.Lock(); e = threading.Event(); threading.Timer(0.02, e.set).start(); print(e.wait(2))`,
  ),
  python(
    "multiprocessing",
    `
import multiprocessing as m
def sq(x): return x * x
if __name__ == "__main__":
    with m.get_context("fork").Pool(3) as p: print(p.map(sq, range(10)))
    q = m.get_context("fork").Queue(); pr = m.get_context("fork").Process(target=q.put, args=([1, 2],)); pr.start(); print(q.get()); pr.join(); print(pr.exitcode)`,
  ),
  python(
    "concurrent futures and asyncio",
    `
import asyncio, concurrent.futures
async def a(n): await asyncio.sleep(0.01 * n); return n
async def main():
    print(await asyncio.gather(a(3), a(1), a(2)))
    p = await asyncio.create_subprocess_exec("echo", "sub", stdout=asyncio.subprocess.PIPE); print(await p.communicate(), p.returncode)
    print(await asyncio.to_thread(lambda: 42))
asyncio.run(main())
with concurrent.futures.ThreadPoolExecutor(4) as ex: print(list(ex.map(lambda x: x + 1, range(5))))`,
  ),
  python(
    "signals",
    `
import signal, os, time
signal.signal(signal.SIGUSR1, lambda s, f: print("got", s)); os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGALRM, lambda s, f: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.02); signal.pause()
def h(s, f): raise KeyboardInterrupt
signal.signal(signal.SIGALRM, h); signal.setitimer(signal.ITIMER_REAL, 0.02)
try:
    while True: pass
except KeyboardInterrupt: print("interrupted")
print(signal.sigtimedwait([signal.SIGUSR2], 0.01))`,
  ),
  python(
    "fork wait pipes",
    `
import os
r, w = os.pipe(); pid = os.fork()
if pid == 0: os.close(r); os.write(w, b"child"); os._exit(9)
os.close(w); print(os.read(r, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
pid = os.fork()
if pid == 0: os.execvp("sh", ["sh", "-c", "echo exec; kill -TERM $$"])
print(os.waitstatus_to_exitcode(os.wait()[1]))
print(os.system("exit 3") >> 8, os.popen("echo popen").read())`,
  ),
  python(
    "mmap and memory",
    `
import mmap, os
with open("m", "wb") as f: f.write(b"0" * 10000)
with open("m", "r+b") as f:
    m = mmap.mmap(f.fileno(), 0); m[5:10] = b"HELLO"; print(m.find(b"HELLO"), len(m)); m.flush(); m.close()
print(open("m", "rb").read()[:12]); a = mmap.mmap(-1, 8192)
if os.fork() == 0: a[:3] = b"abc"; os._exit(0)
os.wait(); print(a[:3]); x = bytearray(50_000_000); x[49_999_999] = 7; print(sum(x[::4096]), x[-1]); del x; print(len([0] * 3_000_000))`,
  ),
  python(
    "files and errors",
    `
import os, errno, stat
for f in (lambda: open("/nonexistent/x"), lambda: open("/"), lambda: os.mkdir("/usr"), lambda: os.rmdir("/"), lambda: os.listdir("nofile"), lambda: os.readlink("/usr"), lambda: os.chdir("nofile"), lambda: open("/usr/x" * 2000), lambda: os.kill(2**22 - 1, 0), lambda: os.rename("nofile", "y")):
    try: f(); print("no error")
    except OSError as e: print(errno.errorcode[e.errno], e.filename if e.filename and len(e.filename) < 50 else "")
open("f", "w").write("x"); os.link("f", "g"); print(os.stat("f").st_nlink, stat.filemode(os.stat("f").st_mode)); os.truncate("f", 10); print(os.path.getsize("g")); os.utime("f", (1, 2)); print(os.stat("g").st_mtime)
fd = os.open("f", os.O_RDWR | os.O_APPEND); os.write(fd, b"end"); print(os.lseek(fd, 0, 2), os.pread(fd, 3, 10)); os.ftruncate(fd, 0); print(os.fstat(fd).st_size); os.close(fd)
os.makedirs("a/b/c"); open("a/b/c/f", "w"); print([(r, d, f) for r, d, f in os.walk("a")]); os.rename("a", "z"); print(os.listdir("z")); print(os.path.realpath("z/../z/b").endswith("z/b"))
with os.scandir("z") as s: print([(e.name, e.is_dir(), e.is_symlink()) for e in s])`,
  ),
  python(
    "locale and unicode names",
    `
import os
for n in ("ünï☃", "a\\nb", "sp ace", "-dash"): open(n, "w").write(n)
print(sorted(os.listdir("."))); open(b"\\xff\\xfe", "wb"); print(b"\\xff\\xfe" in os.listdir(b"."), [n for n in os.listdir(".") if "\\udcff" in n])`,
  ),
  python(
    "select and poll",
    `
import select, os, selectors
r, w = os.pipe(); print(select.select([r], [w], [], 0)[1] == [w]); p = select.poll(); p.register(r, select.POLLIN); print(p.poll(10)); os.write(w, b"x"); print(p.poll(10) == [(r, 1)]); e = select.epoll(); e.register(r, select.EPOLLIN); print(len(e.poll(0.1))); os.read(r, 1); print(e.poll(0.01)); os.close(w); print(e.poll(0.1)[0][1] & select.EPOLLHUP)`,
  ),
  python(
    "floats and big numbers",
    "import math, cmath, random; print(2**1000 % 997, math.sin(1e22), cmath.sqrt(-1), math.fsum([.1]*10), round(2.675, 2)); random.seed(5); print([random.random() for _ in range(3)], random.sample(range(100), 5)); print(sum(i*i for i in range(200000)))",
  ),
  python(
    "stdin",
    "import sys; print(sys.stdin.read().upper()); print(sys.stdin.isatty(), sys.stdout.isatty())",
    "from stdin\n",
  ),
  python(
    "resource and time",
    "import resource, time; a=time.monotonic(); time.sleep(0.02); print(0.015 < time.monotonic()-a < 5, time.time() > 1.6e9, resource.getrusage(resource.RUSAGE_SELF).ru_utime >= 0, time.strftime('%Y', time.gmtime(0)), time.process_time() >= 0)",
  ),
  python(
    "ctypes and faulthandler",
    "import ctypes, faulthandler; print(ctypes.CDLL(None).abs(-5)); faulthandler.enable(); ctypes.string_at(0)",
  ),
  python(
    "recursion and deep stack",
    "import sys, threading\nsys.setrecursionlimit(50000)\nthreading.stack_size(256*1024*1024)\ndef f(n): return 0 if n == 0 else 1 + f(n-1)\nr=[]\nt = threading.Thread(target=lambda: r.append(f(20000))); t.start(); t.join(); print(r)",
  ),
];
