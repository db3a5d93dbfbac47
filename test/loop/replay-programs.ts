/** Programs whose output depends on whatever usually differs from run to run: time, randomness, order, addresses, files. */
export interface ReplayProgram {
  readonly tool: "python" | "shell";
  readonly code: string;
  /** Programs that need something this host may lack. */
  readonly needs?: readonly string[];
}

const python = (code: string): ReplayProgram => ({ tool: "python", code });
const shell = (code: string, ...needs: string[]): ReplayProgram => ({ tool: "shell", code, needs });

export const REPLAY_PROGRAMS: Readonly<Record<string, ReplayProgram>> = {
  "time of day": python("import time, datetime; print(time.time_ns(), datetime.datetime.now(), time.ctime())"),
  "monotonic clocks": python(
    "import time; print(time.monotonic_ns(), time.perf_counter_ns(), time.process_time_ns(), time.thread_time_ns())",
  ),
  "time passing": python(
    "import time; a = time.monotonic()\nfor _ in range(5): time.sleep(0.01); print(time.monotonic() - a)",
  ),
  "a busy loop against the clock": python(
    "import time; a = time.time(); n = 0\nwhile time.time() - a < 0.02: n += 1\nprint(n)",
  ),
  "resource usage": python(
    "import resource; u = resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime, u.ru_stime)",
  ),
  random: python("import random; print([random.random() for _ in range(5)], random.sample(range(1000), 5))"),
  "system randomness": python(
    "import os, secrets; print(os.urandom(16).hex(), secrets.token_hex(16), os.getrandom(8).hex())",
  ),
  uuids: python("import uuid; print(uuid.uuid4(), uuid.uuid1())"),
  "files of randomness": python(
    "print(open('/dev/urandom', 'rb').read(16).hex(), open('/dev/random', 'rb').read(4).hex())",
  ),
  "a random salt": python(
    "import hashlib, os; s = os.urandom(8); print(hashlib.pbkdf2_hmac('sha256', b'x', s, 10).hex())",
  ),
  "order of sets": python("print({w for w in 'the quick brown fox jumps over the lazy dog'.split()})"),
  "object addresses": python("print(id(object()) % 16, object().__repr__()[:20], hash('text'), hash(object()) % 16)"),
  "process ids": python("import os; print(os.getpid(), os.getppid(), os.fork() and os.wait()[0])"),
  "threads and a queue": python(
    "import threading, queue\nq = queue.Queue()\nts = [threading.Thread(target=lambda i=i: [q.put((i, j)) for j in range(50)]) for i in range(4)]\n[t.start() for t in ts]; [t.join() for t in ts]\nprint([q.get() for _ in range(200)])",
  ),
  "threads that compute": python(
    "import threading\nout = []\ndef work(i):\n  x = 0\n  for j in range(200000): x = (x * 31 + j) % 1000003\n  out.append((i, x))\nts = [threading.Thread(target=work, args=(i,)) for i in range(3)]\n[t.start() for t in ts]; [t.join() for t in ts]\nprint(out)",
  ),
  "a thread pool": python(
    "from concurrent.futures import ThreadPoolExecutor, as_completed\nimport time, random\ndef f(i): time.sleep(random.random() / 50); return i\nwith ThreadPoolExecutor(4) as p: print([x.result() for x in as_completed([p.submit(f, i) for i in range(12)])])",
  ),
  subprocesses: python(
    "import subprocess\nps = [subprocess.Popen(['sh', '-c', f'sleep 0.0{i}; echo {i}']) for i in (3, 1, 2)]\nprint([p.wait() for p in ps], subprocess.check_output(['date', '+%s.%N']).decode())",
  ),
  "a forked child that writes": python(
    "import os, sys\nif os.fork() == 0:\n  print('child', flush=True); os._exit(3)\nprint('parent', os.wait()[1] >> 8)",
  ),
  "asyncio sleeps": python(
    "import asyncio, random, time\nasync def f(i):\n  await asyncio.sleep(random.random() / 20); return i, time.time()\nasync def main():\n  for t in asyncio.as_completed([f(i) for i in range(8)]): print(await t)\nasyncio.run(main())",
  ),
  "an alarm": python(
    "import signal, time\nsignal.signal(signal.SIGALRM, lambda *a: print('alarm', time.time()))\nsignal.setitimer(signal.ITIMER_REAL, 0.02)\nsignal.pause()",
  ),
  "an interval timer": python(
    "import signal, time\nn = 0\ndef tick(*a):\n  global n; n += 1\nsignal.signal(signal.SIGALRM, tick); signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)\nend = time.time() + 0.1\nwhile time.time() < end: pass\nprint(n)",
  ),
  "temporary names": python(
    "import tempfile, os\nf = tempfile.NamedTemporaryFile(); d = tempfile.mkdtemp(); print(f.name, d)",
  ),
  "written files": python(
    "import time, os\nos.makedirs('out/a', exist_ok=True)\nopen('out/a/now', 'w').write(str(time.time()))\nopen('out/rand', 'wb').write(os.urandom(100))",
  ),
  "times of files": python(
    "import os\nopen('f', 'w').write('x'); s = os.stat('f'); print(s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_dev, os.stat('data.txt').st_ino)",
  ),
  "names of a directory": python(
    "import os; print(os.listdir('.'), os.listdir('/usr/lib')[:20], [e.name for e in os.scandir('/etc')])",
  ),
  "archives with times": python(
    "import zipfile, tarfile, io, hashlib, gzip\nz = io.BytesIO(); a = zipfile.ZipFile(z, 'w'); a.writestr('x', 'y'); a.close()\nprint(hashlib.sha256(z.getvalue()).hexdigest(), hashlib.sha256(gzip.compress(b'x' * 1000)).hexdigest())\nopen('n', 'w').write('1'); t = tarfile.open('t.tar', 'w'); t.add('n'); t.close()",
  ),
  "a database": python(
    "import sqlite3\nc = sqlite3.connect('db'); c.execute('create table t as select random() r, datetime() d'); c.commit(); print(c.execute('select * from t').fetchall())",
  ),
  "a traceback": python("def f(): raise ValueError(object)\nf()"),
  "a crash": python("import os, signal; print('before', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"),
  "standard error and status": python("import sys, time; print(time.time(), file=sys.stderr); sys.exit(7)"),
  "a large output": python("import random\nfor _ in range(20000): print(random.getrandbits(64))"),
  "system information": python(
    "import os, platform, socket; print(os.uname(), os.cpu_count(), os.getloadavg(), socket.gethostname(), open('/proc/uptime').read(), os.sysconf('SC_AVPHYS_PAGES'))",
  ),
  "proc files": python(
    "print(open('/proc/stat').read(), open('/proc/self/stat').read(), open('/proc/meminfo').read(), open('/proc/self/status').read())",
  ),
  "memory maps": python("print(open('/proc/self/maps').read())"),
  "reading inputs": python("print(open('data.txt').read(), open('numbers.csv').read())"),
  "no network": python(
    "import socket\ntry: socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError as e: print(e)",
  ),
  dates: shell("date; date +%N; date -u +%s"),
  "shell randomness": shell('echo $RANDOM $RANDOM $$ $PPID $SRANDOM; echo "$EPOCHREALTIME $SECONDS"'),
  "a timed pipeline": shell("time (seq 100000 | sort -R | head -5); sleep 0.05; echo done"),
  "background jobs": shell("for i in 3 1 2; do (sleep 0.0$i; echo $i) & done; wait; echo all"),
  "racing writers": shell("for i in 1 2 3 4; do (for j in 1 2 3 4 5; do echo $i$j; done) & done; wait"),
  "temporary files": shell("mktemp; mktemp -d; mktemp -u XXXXXXXX"),
  listings: shell(
    "echo x > new; ls -la --time-style=full-iso; find . -printf '%p %i %T@ %C@\\n'; stat data.txt | tail -5",
  ),
  "an archive": shell("tar cf a.tar data.txt numbers.csv; sha256sum a.tar; gzip -k data.txt; sha256sum data.txt.gz"),
  "awk randomness": shell("awk 'BEGIN { srand(); print rand(), srand(), systime() }'", "gawk"),
  "parallel xargs": shell("seq 8 | xargs -P 4 -I{} sh -c 'echo {}; date +%N'"),
  "jq and time": shell("jq -n 'now'; echo '{\"b\":1,\"a\":2}' | jq -S .", "jq"),
  "sqlite and randomness": shell(
    "sqlite3 :memory: \"select random(), hex(randomblob(8)), julianday('now')\"",
    "sqlite3",
  ),
  "random numbers": shell("shuf -i 1-1000 -n 10; shuf -n 3 data.txt; od -An -N8 -tx1 /dev/urandom"),
  "a trapped signal": shell(
    "trap 'echo caught $(date +%s%N)' USR1; (sleep 0.02; kill -USR1 $$) & wait $!; wait; echo end",
  ),
  "a timeout": shell("timeout 0.05 sleep 5; echo $?; timeout 1 echo in time"),
  "changes of all kinds": shell(
    "mkdir -p d/e; date > d/e/now; mv data.txt moved.txt; ln -s moved.txt link; ln moved.txt hard; rm numbers.csv; chmod 700 d; printf %s $RANDOM > r",
  ),
};
