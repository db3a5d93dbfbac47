import type { LimitName, RunLimits } from "../../src/index.ts";

/** What a guest may pile up, and how its run must end. */
export interface Resource {
  readonly name: string;
  readonly code: string;
  readonly limits?: Partial<RunLimits>;
  /** The limit that must end the run; absent: the program sees an errno, and prints "fine". */
  readonly ends?: LimitName;
}

const MIB = 2 ** 20;

/** Python that every case begins with. */
export const PRELUDE = `
import ctypes, errno, fcntl, mmap, os, resource, select, signal, socket, struct, time
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def syscall(number, *args):
  result = libc.syscall(number, *[ctypes.c_long(arg) for arg in args])
  return -ctypes.get_errno() if result < 0 else result
def until(number, step):
  "Repeats until that errno, which must come."
  for i in range(1 << 20):
    try: result = step(i)
    except OSError as error:
      assert error.errno == number, error
      return i
    if isinstance(result, int) and result < 0:
      assert result == -number, result
      return i
  raise Exception('no end')
one = ctypes.create_string_buffer(b'x')
some = ctypes.create_string_buffer(b'x' * 128)
class iovec(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
pieces = (iovec * 1024)(*[iovec(ctypes.addressof(some), 16)] * 1024)
def leave(mib):
  "Takes all memory but so much, so that little things fill the rest in time."
  free = int(open('/proc/meminfo').read().split()[4]) >> 10
  globals()['taken'] = bytearray(max(free - mib, 0) << 20)
print('said', flush=True)
`;

const SMALL = { overlayBytes: MIB };
const FILES = { openFiles: 4000 };

/** Files that are handed out: their size counts, however it came about. */
const HANDED_OUT: readonly Resource[] = Object.entries({
  "truncate, 600 MB": "os.truncate('/tree/f', 600 << 20)",
  "truncate, 8 TiB": "os.truncate('/tree/f', 8 << 40)",
  "ftruncate in steps": "for i in range(1 << 40): os.ftruncate(f, i << 16)",
  "pwrite far behind the end": "os.pwrite(f, b'x', 1 << 32)",
  "lseek and write": "os.lseek(f, 1 << 33, 0); os.write(f, b'x')",
  fallocate: "os.posix_fallocate(f, 0, 1 << 32)",
  "fallocate that keeps the size, then used": "syscall(285, f, 1, 0, 1 << 30); os.ftruncate(f, 1 << 30)",
  "a shared mapping of a file made longer": "os.ftruncate(f, 600 << 20); m = mmap.mmap(f, 0); m[-1] = 1",
  copy_file_range:
    "g = os.open('/tmp/g', os.O_RDWR | os.O_CREAT); os.ftruncate(g, 1 << 30)\nfor i in range(99): os.copy_file_range(g, f, 1 << 30)",
  sendfile: "z = os.open('/dev/zero', 0)\nfor i in range(99): os.sendfile(f, z, None, 1 << 30)",
  splice: "r, w = os.pipe()\nfor i in range(1 << 20): os.write(w, bytes(65536)); os.splice(r, f, 65536)",
  "a file without a name": "f = os.open('/tree', os.O_TMPFILE | os.O_RDWR); os.ftruncate(f, 1 << 40)",
  "a file whose names are gone": "os.unlink('/tree/f'); os.ftruncate(f, 1 << 40)",
  "many files, none of them too large":
    "for i in range(99): os.close(os.open(f'/tree/{i}', os.O_CREAT)); os.truncate(f'/tree/{i}', 1 << 19)",
  "a large file of the host, of which a byte is changed": "b = os.open('/tree/big', os.O_RDWR); os.pwrite(b, b'x', 5)",
  "a large file of the host that is only renamed": "os.rename('/tree/big', '/tree/bigger')",
}).map(([name, code]) => ({
  name: `size: ${name}`,
  code: `f = os.open('/tree/f', os.O_RDWR | os.O_CREAT)\n${code}`,
  limits: SMALL,
  ends: "overlay",
}));

const MEMORY: readonly Resource[] = Object.entries({
  "files in /tmp": "f = open('/tmp/f', 'wb', 0)\nwhile True: f.write(bytes(1 << 20))",
  "files in /dev/shm": "f = open('/dev/shm/f', 'wb', 0)\nwhile True: f.write(bytes(1 << 20))",
  memfd: "f = os.memfd_create('x')\nwhile True: os.write(f, bytes(1 << 20))",
  "files in a mount": "f = open('/tree/f', 'wb', 0)\nwhile True: f.write(bytes(1 << 20))",
  "a byte in each of many files": "i = 0\nwhile True: i += 1; open(f'/tmp/{i}', 'w').write('x')",
  "empty files": "i = 0\nwhile True: i += 1; os.mknod(f'/tmp/{i}')",
  "long names": "i = 0\nwhile True: i += 1; os.mknod(f'/tmp/{i:0255}')",
  directories: "i = 0\nwhile True: i += 1; os.mkdir(f'/tmp/{i}')",
  "directories in each other": "os.chdir('/tmp')\nwhile True: os.mkdir('d'); os.chdir('d')",
  "hard links": "i = 0; os.mknod('/tmp/f')\nwhile True: i += 1; os.link('/tmp/f', f'/tmp/{i}')",
  "symbolic links": "i = 0\nwhile True: i += 1; os.symlink('t' * 4000, f'/tmp/{i}')",
  "names looked up on the host":
    "while True:\n  for i in range(60000): os.path.exists(f'/wide/{i}')\n  break\nwhile True: x = bytearray(1 << 30)",
  "pipes filled in small pieces":
    "leave(8)\nwhile True:\n  r, w = os.pipe(); os.set_blocking(w, False)\n  while syscall(20, w, ctypes.addressof(pieces), 1024) > 0: pass",
  "pipes made larger":
    "while True:\n  r, w = os.pipe(); fcntl.fcntl(w, 1031, 1 << 20); os.set_blocking(w, False); os.write(w, bytes(1 << 20))",
  "named pipes":
    "i = 0\nwhile True:\n  i += 1; os.mkfifo(f'/tmp/{i}'); p = os.open(f'/tmp/{i}', os.O_RDWR | os.O_NONBLOCK); os.write(p, bytes(65536))",
  "stream sockets filled in small pieces":
    "k = []\nwhile True:\n  k += socket.socketpair(); k[-1].setblocking(False)\n  while syscall(20, k[-1].fileno(), ctypes.addressof(pieces), 1024) > 0: pass",
  datagrams:
    "k = []\nwhile True:\n  k += socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); k[-1].setblocking(False)\n  try:\n    while True: k[-1].send(b'x')\n  except BlockingIOError: pass",
  "datagrams of the internet's kind":
    "k = []\nwhile True:\n  k.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)); k[-1].bind(('127.0.0.1', 0)); k[-1].connect(k[-1].getsockname())\n  for i in range(300): k[-1].send(b'x')",
  "connections filled in small pieces":
    "k = []; l = socket.create_server(('127.0.0.1', 0))\nwhile True:\n  k += [socket.create_connection(l.getsockname()), l.accept()]; k[-2].setblocking(False)\n  while syscall(20, k[-2].fileno(), ctypes.addressof(pieces), 1024) > 0: pass",
  "connections nobody accepts":
    "k = []\nwhile True:\n  k.append(socket.create_server(('127.0.0.1', 0), backlog=4096))\n  for i in range(4096): socket.create_connection(k[-1].getsockname()).close()",
  "Unix connections nobody accepts":
    "k = []\nwhile True:\n  k.append(socket.socket(socket.AF_UNIX)); k[-1].bind(''); k[-1].listen(4096)\n  for i in range(4096): s = socket.socket(socket.AF_UNIX); s.connect(k[-1].getsockname()); s.close()",
  "descriptors in messages":
    "k = []\nwhile True:\n  k += socket.socketpair(); k[-1].setblocking(False)\n  try:\n    while True: socket.send_fds(k[-1], [b'x'], [0] * 253)\n  except BlockingIOError: pass",
  "epoll watches":
    "fds = [os.eventfd(0) for i in range(1000)]; leave(4)\nwhile True:\n  e = select.epoll(); k = globals().setdefault('k', []); k.append(e)\n  for fd in fds: e.register(fd)",
  "mappings in many processes":
    "m = [mmap.mmap(-1, 4096, prot=1 + i % 2) for i in range(9000)]\nwhile True:\n  if os.fork() == 0: time.sleep(99)",
  "open texts of /proc":
    "m = [mmap.mmap(-1, 4096, prot=1 + i % 2) for i in range(3000)]\nwhile True: os.open('/proc/self/maps', 0)",
  "open listings of directories":
    "for i in range(5000): os.mknod(f'/tmp/{i}')\nk = []\nwhile True: d = os.scandir('/tmp'); next(d); k.append(d)",
  "arguments of many processes":
    "a = ['x' * 100_000] * 15\nwhile True:\n  if os.fork() == 0: os.execv('/bin/sleep', ['sleep', '99'] + a)",
  "terminals, what was written to them and typed":
    "leave(8)\nwhile True:\n  m, s = os.openpty(); os.set_blocking(s, False); os.set_blocking(m, False)\n  try:\n    while True: os.write(s, bytes(4096))\n  except BlockingIOError: pass\n  os.write(m, b'x' * 4000)",
  "events of watches":
    "k = []\nfor i in range(128):\n  k.append(libc.inotify_init1(0)); libc.inotify_add_watch(k[-1], b'/tmp', 0xfff)\ni = 0\nopen('/tmp/' + 'n' * 250, 'w').close()\nopen('/tmp/' + 'm' * 250, 'w').close()\nwhile True: os.utime('/tmp/' + 'n' * 250); os.utime('/tmp/' + 'm' * 250)",
  "segments of shared memory":
    "while True:\n  a = syscall(30, syscall(29, 0, 1 << 24, 0o1600), 0, 0); ctypes.memset(a, 1, 1 << 24)",
  "sets of semaphores": "while True: syscall(64, 0, 32000, 0o1600)",
  "what processes are to take back from semaphores":
    "o = ctypes.create_string_buffer(b''.join(struct.pack('HhH', i, 1, 0x1000) for i in range(32000)))\ns = [syscall(64, 0, 32000, 0o1600) for i in range(5)]\nleave(16)\nwhile True:\n  if os.fork() == 0:\n    for q in s:\n      for i in range(0, 32000, 500): assert syscall(65, q, ctypes.addressof(o) + 6 * i, 500) == 0\n    time.sleep(99)\n  time.sleep(0.2)",
  "messages without a text":
    "q = syscall(68, 0, 0o1600); b = ctypes.create_string_buffer(120); struct.pack_into('Q', b, 88, 1 << 40); assert syscall(71, q, 1, ctypes.addressof(b)) == 0\nleave(24)\nb[0] = 1\nf = libc.msgsnd; a = ctypes.addressof(b)\nwhile True: f(q, ctypes.c_long(a), 0, 0)",
  "texts of the pages of mappings":
    "m = [mmap.mmap(-1, 4096, prot=1 + i % 2) for i in range(3000)]\nwhile True: os.open('/proc/self/smaps', 0)",
  "memory locked and touched": "m = mmap.mmap(-1, 1 << 40, flags=0x4022)\nfor i in range(0, 1 << 40, 4096): m[i] = 1",
}).map(([name, code]) => ({ name: `memory: ${name}`, code, limits: { ...FILES, processes: 200 }, ends: "memory" }));

const TABLES: readonly Resource[] = Object.entries({
  "queued signals, in many processes":
    "p = []\nsignal.pthread_sigmask(signal.SIG_BLOCK, set(range(1, 65)) - {32, 33})\nfor i in range(3):\n  q = os.fork()\n  if q == 0: time.sleep(99)\n  p.append(q)\ninfo = ctypes.create_string_buffer(128)\nstruct.pack_into('iii', info, 0, 40, 0, -1)\nn = sum(until(errno.EAGAIN, lambda i: syscall(129, q, s, ctypes.addressof(info))) for q in p for s in range(40, 60))\nassert n < 5000, n\nfor q in p: os.kill(q, 9)",
  "POSIX timers":
    "t = ctypes.c_int()\nn = until(errno.EAGAIN, lambda i: syscall(222, 1, 0, ctypes.addressof(t)))\nassert n < 5000, n",
  "locked ranges":
    "f = [open(f'/tmp/{i}', 'w+b') for i in range(8)]\nn = sum(until(errno.ENOLCK, lambda i: fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 2 * i)) for g in f)\nassert n == 16384, n",
  mappings:
    "a = syscall(9, 0, 1 << 30, 0, 0x4022, -1, 0)\nn = until(errno.ENOMEM, lambda i: syscall(10, a + 8192 * i, 4096, 1))\nassert n < 40000, n",
  descriptors:
    "resource.setrlimit(resource.RLIMIT_NOFILE, (50, 4096))\nn = until(errno.EMFILE, lambda i: os.dup(0))\nassert n < 50",
  "types of messages, and sizes of queues":
    "q = syscall(68, 0, 0o1600); b = ctypes.create_string_buffer(120); a = ctypes.addressof(b)\nfor t in [1 << 62, (1 << 63) - 1, 5]: struct.pack_into('q', b, 0, t); assert syscall(69, q, a, 8, 0) == 0\nfor t, wanted in [(-(1 << 63), 5), ((1 << 63) - 1, (1 << 63) - 1), (-(1 << 62), 1 << 62)]: assert syscall(70, q, a, 8, t, 0) == 8 and struct.unpack_from('q', b)[0] == wanted\nfor n in [(1 << 64) - 1, 1 << 63, 0]:\n  struct.pack_into('Q', b, 88, n); assert syscall(71, q, 1, a) == 0 and syscall(71, q, 2, a) == 0\n  assert struct.unpack_from('Q', b, 88)[0] == n",
  "messages that are looked through":
    "q = syscall(68, 0, 0o1600); b = ctypes.create_string_buffer(120); a = ctypes.addressof(b); struct.pack_into('Q', b, 88, 1 << 40); assert syscall(71, q, 1, a) == 0\nb[0] = 7\nfor i in range(20000): libc.msgsnd(q, ctypes.c_long(a), 0, 0)\nassert syscall(70, q, a, 0, -9, 0) == 0 and syscall(71, q, 0, 0) == 0",
  "segments that are removed while mapped":
    "s = [syscall(29, 0, 4096, 0o1600) for i in range(4096)]\nassert syscall(29, 0, 4096, 0o1600) == -errno.ENOSPC\nfor i in s: assert syscall(30, i, 0, 0) > 0 and syscall(31, i, 0, 0) == 0\nfor i in range(30): assert syscall(31, s[-1], 2, ctypes.addressof(some)) == 0\nresource.setrlimit(resource.RLIMIT_AS, (1 << 20, -1))\nassert syscall(30, s[0], 0, 0) == -errno.ENOMEM",
  "operations of semaphores that begin to fail while they wait":
    "s = syscall(64, 0, 2, 0o1600)\no = ctypes.create_string_buffer(struct.pack('HhHHhH', 0, 1, 0, 1, -1, 0))\nif os.fork() == 0: os._exit(syscall(65, s, ctypes.addressof(o), 2) != -errno.ERANGE)\nwhile syscall(66, s, 1, 14) == 0: time.sleep(0.01)\nassert syscall(66, s, 0, 16, 32767) == 0\nassert os.wait()[1] == 0\nassert syscall(66, s, 1, 14) == 0",
  "terminals whose number is used again":
    "a, s = os.openpty(); os.close(a); b = os.open('/dev/ptmx', os.O_RDWR); os.close(s)\nc = os.open('/dev/ptmx', os.O_RDWR); assert fcntl.ioctl(b, 0x80045430, b'    ') != fcntl.ioctl(c, 0x80045430, b'    ')\nos.stat('/dev/pts/0')\nn = until(errno.ENOSPC, lambda i: os.open('/dev/ptmx', os.O_RDWR))\nassert n < 5000, n",
  "echoes of lines that are shown again and again":
    "m, s = os.openpty()\nfor i in range(3): os.write(m, b'x' * 2000 + b'\\x12' * 2000); os.read(m, 99999)\nfor i in range(10): os.write(m, b'\\t' * 4000 + b'\\x15'); os.read(m, 99999)",
  "instances that watch":
    "n = [libc.inotify_init1(0) for i in range(200)]\nassert n.count(-1) == 72, n\nfor i in range(8192): open(f'/tmp/{i}', 'w').close(); assert libc.inotify_add_watch(n[0], f'/tmp/{i}'.encode(), 0xfff) > 0\nopen('/tmp/x', 'w').close(); assert libc.inotify_add_watch(n[0], b'/tmp/x', 0xfff) == -1",
  "watched descriptors": "e = select.epoll()\nd = os.eventfd(0)\nfor i in range(3000): e.register(os.dup(d))",
}).map(([name, code]) => ({
  name: `table: ${name}`,
  code: `${code}\nprint('fine')`,
  limits: { ...FILES, memoryBytes: 128 * MIB },
}));

/** There are so many page tables, however much memory a run may have. */
const PAGE_TABLES: readonly Resource[] = Object.entries({
  "of places that are used once":
    "for at in range(1 << 44, 1 << 46, 1 << 21): libc.mmap(ctypes.c_long(at), ctypes.c_long(4096), 3, 0x32, -1, 0); libc.munmap(ctypes.c_long(at), ctypes.c_long(4096))",
  "of memory that is moved":
    "a = libc.mmap(None, ctypes.c_long(1 << 31), 3, 0x4022, -1, 0)\nfor i in range(500): syscall(28, a + (i << 21), 4096, 23)\nwhile True: a = libc.mremap(ctypes.c_long(a), ctypes.c_long(1 << 31), ctypes.c_long(1 << 31), 5, None)",
}).map(([name, code]) => ({
  name: `page tables: ${name}`,
  code: `libc.mmap.restype = libc.mremap.restype = ctypes.c_long\n${code}`,
  limits: { memoryBytes: 512 * MIB },
  ends: "memory",
}));

const OTHERS: readonly Resource[] = [
  {
    name: "memory: taken and given back, again and again",
    code: "for i in range(60): mmap.mmap(-1, 16 << 20, flags=0x8022).close()\nprint('fine')",
  },
  {
    name: "memory: of processes that end",
    code: "for i in range(60):\n  if os.fork() == 0: x = mmap.mmap(-1, 8 << 20, flags=0x8022); os._exit(0)\n  os.wait()\nprint('fine')",
    limits: { memoryBytes: 64 * MIB },
  },
  {
    name: "output: in small pieces",
    code: "while True: syscall(20, 1, ctypes.addressof(pieces), 1024)",
    limits: { outputBytes: 16 * MIB },
    ends: "output",
  },
  {
    name: "memory: of a hundred children of a process of 50 MB",
    code: "b = bytearray(50 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\nr, w = os.pipe(); kids = []\nfor i in range(100):\n  p = os.fork()\n  if p == 0: os.close(w); b[i << 12] = 7; os.read(r, 1); os._exit(b[i + 1 << 12] != 1)\n  kids.append(p)\nos.close(w)\nassert not any(os.waitpid(p, 0)[1] for p in kids)\nprint('fine')",
    limits: { processes: 110, memoryBytes: 512 * MIB },
  },
  {
    name: "processes: nobody waits for them",
    code: "while True:\n  if os.fork() == 0: os._exit(0)",
    limits: { processes: 16, memoryBytes: 512 * MIB },
    ends: "processes",
  },
  {
    name: "processes: threads",
    code: "import threading\nwhile True: threading.Thread(target=time.sleep, args=[99]).start()",
    limits: { processes: 16 },
    ends: "processes",
  },
  {
    name: "memory: texts of the pages of very many mappings",
    code: "a = syscall(9, 0, 1 << 30, 0, 0x4022, -1, 0)\nuntil(errno.ENOMEM, lambda i: syscall(10, a + 8192 * i, 4096, 1))\nfor name in ['smaps', 'smaps_rollup', 'statm']: f = os.open('/proc/self/' + name, 0); os.read(f, 4096); os.close(f)\nprint('fine')",
    limits: { memoryBytes: 256 * MIB },
  },
  { name: "files: any", code: "while True: os.eventfd(0)", limits: { openFiles: 100 }, ends: "files" },
];

export const RESOURCES: readonly Resource[] = [...HANDED_OUT, ...MEMORY, ...TABLES, ...PAGE_TABLES, ...OTHERS];
