/** What a run can find out about the machine, the time and its own use of both. */
const ACCOUNT = `
import ctypes, os, resource, time
def account():
    info = ctypes.create_string_buffer(112)
    ctypes.CDLL(None).sysinfo(info)
    print(info.raw.hex(), os.sysconf("SC_AVPHYS_PAGES"), os.times(), os.getloadavg())
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN): print(resource.getrusage(who))
    for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, time.CLOCK_PROCESS_CPUTIME_ID, time.CLOCK_THREAD_CPUTIME_ID):
        print(time.clock_gettime_ns(clock))
    for name in ("meminfo", "stat", "vmstat", "loadavg", "uptime", "self/stat", "self/statm", "self/status", "self/io", "self/smaps_rollup", "self/schedstat"):
        try: print(name, open("/proc/" + name).read())
        except OSError as error: print(name, error.errno)
`;

const SHELL_ACCOUNT =
  "cat /proc/meminfo /proc/stat /proc/vmstat /proc/self/stat /proc/self/statm /proc/self/status /proc/uptime; free; times; date +%s.%N";

const python = (code: string): string => `python3 - <<'END'\n${ACCOUNT}${code}\naccount()\nEND`;
const shell = (code: string): string => `${code}\n${SHELL_ACCOUNT}`;

/** By name, for the shell, in a directory that holds files 0 to 49 and "deep" with directories of files. */
export const MIXED_PROGRAMS: Readonly<Record<string, string>> = {
  nothing: shell("true"),
  accounts: python(""),
  "find and grep": shell("find . -type f | xargs grep -c odd"),
  "find and stat": shell("find . -type f -exec stat -c '%n %s %i %h %a %Y' {} +"),
  tar: shell("tar cf - . | md5sum"),
  "tar there and back": shell(
    "mkdir out; tar cf - deep | tar xf - -C out; ls -lRi --time-style=full-iso out | tail -50",
  ),
  "git status": shell("git init -q . && git add -A && git status --short | tail -3; git status | head -5"),
  "ls of everything": shell("ls -lRia --time-style=full-iso"),
  du: shell("du -ab | sort"),
  "copies and compares": shell("cp -a deep copy; diff -r deep copy && rm -r deep; ls; du -s"),
  "sort and uniq": shell("cat * 2>/dev/null | sort | uniq -c"),
  "parallel xargs": shell("ls | xargs -P4 -n5 cat 2>/dev/null | wc -c"),
  "background jobs": shell("for i in 1 2 3 4; do (cat $i $((i + 10)) | md5sum; stat -c %s $i) & done; wait"),
  "a loop of tests": shell("for i in *; do test -d $i || { read line < $i; echo $i $line; }; done"),
  sleeps: shell("for i in 1 2 3; do sleep 0.0$i; date +%N; cat $i | tail -1; done"),
  timeout: shell("timeout 0.5 sh -c 'while :; do cat 1 2 3 > /dev/null; done'; echo $?"),
  "a trap": shell("trap 'date +%N' USR1; for i in 1 2 3; do kill -USR1 $$; cat $i; done"),
  "descriptors of a shell": shell(
    "exec 5<3 6<4; cat <&5; read line <&6; echo $line; exec 5<&- 6<&-; ls -l /proc/self/fd",
  ),
  "here documents": shell("while read a; do cat $a 2>&1; done <<END\n1\n2\nnone\nEND"),
  "modules of python": shell("python3 -c 'import json, sqlite3, xml.dom.minidom, decimal; print(json.dumps({}))'"),
  "reads of all kinds": python(`
for i in range(50):
    fd = os.open(str(i), os.O_RDONLY)
    size = os.fstat(fd).st_size
    print(i, size, os.lseek(fd, 0, 2), os.lseek(fd, size // 2, 0), len(os.read(fd, 3)), len(os.pread(fd, 1 << 20, 1)), os.lseek(fd, 0, 1))
    buffer = bytearray(100000)
    print(os.readv(fd, [buffer]), os.read(fd, 1 << 24))
    os.close(fd)`),
  "opened and not read": python(`
for i in range(50):
    fd = os.open(str(i), os.O_RDONLY)
    if i % 3: os.read(fd, 100)
    os.close(fd)`),
  "stats of everything": python(`
for root, names, files in os.walk("."):
    for name in names + files + ["absent"]:
        try: print(root, name, os.stat(os.path.join(root, name)))
        except OSError as error: print(root, name, error)
    account()`),
  "stats of half": python(`
import random
random.seed(1)
for round in range(3):
    for root, names, files in os.walk("/usr/lib/python3"):
        for name in files:
            if random.random() < 0.5: os.stat(os.path.join(root, name))
    account()`),
  "listings and directories": python(`
for i in range(4):
    fd = os.open("deep/%d" % i, os.O_RDONLY | os.O_DIRECTORY)
    again = os.dup(fd)
    print(os.listdir(fd), os.fstat(again), os.stat("0", dir_fd=fd), os.listdir(again))
    os.fchdir(fd); print(os.getcwd(), os.stat("1")); os.chdir("../..")
    os.close(fd); os.close(again)`),
  "directories by the same number": python(`
import fcntl
for i in range(4):
    one, two = (os.open("deep/%d" % n, os.O_RDONLY | os.O_DIRECTORY) for n in (i, i + 1))
    for name in range(7): os.stat(str(name), dir_fd=one)
    os.close(one)
    again = fcntl.fcntl(two, fcntl.F_DUPFD, 0)
    print(again == one, [os.stat(str(name), dir_fd=again) for name in range(10)])
    os.close(two); os.close(again)`),
  "paths through descriptors": python(`
for path in ("/proc/self/fd/%d/", "/dev/fd/%d/", "/proc/%d/fd/%%d/" % os.getpid()):
    for i in range(4):
        fd = os.open("deep/%d" % i, os.O_RDONLY | os.O_DIRECTORY)
        print(fd, [os.stat(path % fd + str(name)).st_ino for name in range(10)])
        os.close(fd)`),
  threads: python(`
import threading
def work(name):
    for i in range(150):
        with open(str(i % 50)) as file: text = file.read()
        os.stat(str((i + 1) % 50))
        if i % 25 == 0: print(name, i, time.clock_gettime_ns(0), len(text), os.sysconf("SC_AVPHYS_PAGES"))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()`),
  "threads that wait": python(`
import queue, threading
jobs, done = queue.Queue(), queue.Queue()
def work():
    while (job := jobs.get()) is not None: done.put((job, os.stat(str(job)).st_size, len(open(str(job)).read()), time.monotonic_ns()))
threads = [threading.Thread(target=work) for n in range(3)]
for thread in threads: thread.start()
for job in range(50): jobs.put(job); time.sleep(0.0003)
for thread in threads: jobs.put(None)
for thread in threads: thread.join()
while not done.empty(): print(done.get())`),
  forks: python(`
import sys
for i in range(5):
    sys.stdout.flush()
    if os.fork() == 0:
        data = [open(str(k)).read() for k in range(i, 50, 5)]
        print(i, len(data), os.stat(str(i)).st_mtime_ns, time.clock_gettime_ns(0), os.sysconf("SC_AVPHYS_PAGES"))
        sys.stdout.flush(); os._exit(i)
    if i % 2: print(os.wait())
while True:
    try: print(os.wait3(0))
    except ChildProcessError: break`),
  "forks that share": python(`
import mmap
area = mmap.mmap(-1, 1 << 16)
memory = bytearray(1 << 22)
for i in range(3):
    pid = os.fork()
    if pid == 0:
        fd = os.open(str(40 + i), os.O_RDONLY)
        os.readv(fd, [memoryview(memory)[100000 * i:100000 * i + 50]])
        area[i] = os.fstat(fd).st_size % 256
        os._exit(0)
    print(os.wait4(pid, 0), area[i], os.sysconf("SC_AVPHYS_PAGES"))`),
  timers: python(`
import signal
count = 0
def tick(*_):
    global count
    count += 1
    print(time.clock_gettime_ns(0))
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.003, 0.03)
for i in range(1500):
    fd = os.open(str(i % 50), os.O_RDONLY); os.fstat(fd); os.read(fd, 4096); os.read(fd, 4096); os.close(fd)
signal.setitimer(signal.ITIMER_REAL, 0)
print(count)`),
  "timers of the processor's time": python(`
import signal
signal.signal(signal.SIGPROF, lambda *_: print(time.process_time_ns()))
signal.setitimer(signal.ITIMER_PROF, 0.02, 0.02)
for i in range(1500): os.stat(str(i % 50)); os.getpid()
signal.setitimer(signal.ITIMER_PROF, 0)`),
  "polls and pipes": python(`
import select
ends = [os.pipe() for n in range(4)]
for i in range(40):
    os.write(ends[i % 4][1], open(str(i)).read(20).encode() + b"x")
    ready = select.select([r for r, w in ends], [], [], 0.001)[0]
    print([os.read(r, 100) for r in ready][:2], select.select([], [], [], 0.0007), time.monotonic_ns())`),
  "writes between reads": python(`
for i in range(50):
    with open(str(i)) as file: text = file.read()
    with open("made-%d" % (i % 5), "a") as file: file.write(text)
    print(os.stat("made-%d" % (i % 5)), os.stat(str(i)).st_size)
    if i % 7 == 0: os.rename("made-%d" % (i % 5), "moved"); print(os.listdir("."))`),
  locks: python(`
import fcntl
files = [open(str(i)) for i in range(10)]
for i, file in enumerate(files): fcntl.flock(file, fcntl.LOCK_SH); print(os.fstat(file.fileno()).st_size, file.read()[:9])
for file in files: file.close()
for i in range(20): open(str(i)).read()`),
};
