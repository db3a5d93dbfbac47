import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AnnexVa } from "../../src/vmm/index.ts";
import { Target } from "../attack/harness.ts";
import { annexMissing } from "./missing.ts";

/* The log of what the annex answered is the program's to write: whatever it writes is a row of calls that it could have made. */
const FORGERIES = Number(process.env.ZTL_FUZZ_ROUNDS ?? 1) * 4;
const WALL_MS = 20_000;

const PRELUDE = `
import ctypes, os, random, signal, time
def poke(offset, data): ctypes.memmove(${AnnexVa.state} + offset, data, len(data))
def u32(*values): return b"".join((v & 0xffffffff).to_bytes(4, "little") for v in values)
def forge(*words): poke(800, u32(*words)); poke(136, u32(len(words) // 2))
def habit(paths):
    for path in paths:
        fd = os.open(path, os.O_RDONLY); os.fstat(fd)
        while os.read(fd, 65536): pass
        os.close(fd)
def is_open(fd):
    try: os.fstat(fd); return True
    except OSError: return False
libc = ctypes.CDLL(None)
CLOSE, FCNTL, GETPID, DUPLICATE, MARK = 3 << 16, 72 << 16, 39 << 16, 0, 2
paths = [f"/attack/habit/{i}" for i in range(8)]
def fork_sharing_descriptors(): return libc.syscall(56, 0x400 | 17, 0, 0, 0, 0)  # clone, CLONE_FILES | SIGCHLD
other = -1
`;
const WATCH = "libc.inotify_add_watch(libc.inotify_init(), b'/tmp', 0xfff)";

/** Where a program forges: what it does before, and whether its calls are traced. */
const SETTINGS = {
  alone: { code: "", isTraced: false },
  traced: { code: "", isTraced: true },
  "while files are watched": { code: WATCH, isTraced: false },
  "in two processes": { code: "other = os.fork()", isTraced: false },
  "in two processes that share descriptors": { code: "other = fork_sharing_descriptors()", isTraced: false },
} as const;

/** Entries that one process writes about descriptor 20 of another, and what is so afterwards: it is open, it is marked, 60 is open. */
const OF_ANOTHER = {
  closes: ["CLOSE | 20, 0", "False False False"],
  duplicates: ["FCNTL | 20, 60 << 16 | DUPLICATE", "True True True"],
  unmarks: ["FCNTL | 20, MARK", "True False False"],
} as const;

describe("a log that the program wrote", { skip: annexMissing() }, () => {
  let target: Target;
  before(async () => {
    target = await Target.open();
    mkdirSync(join(target.directory, "habit"));
    for (let i = 0; i < 40; i++) writeFileSync(join(target.directory, "habit", String(i)), `text ${i}\n`);
  });
  after(() => target[Symbol.asyncDispose]());

  const python = (code: string, isTraced = false) => {
    const call = { tool: "python", code: PRELUDE + code, limits: { wallMs: WALL_MS } } as const;
    return target.sandbox.run(call, isTraced ? { trace: { onCall: () => undefined } } : {});
  };

  for (const [setting, { code, isTraced }] of Object.entries(SETTINGS)) {
    test(`is of calls that it could have made, ${setting}`, async () => {
      for (let seed = 0; seed < FORGERIES; seed++) {
        const forged = code + forgeries(seed);
        // Not traced, it must also come back within its limit.
        const call = { tool: "python", code: PRELUDE + forged } as const;
        const run = isTraced ? await python(forged, true) : await target.run(call);
        target.assertContained(run, `forgery ${seed}`);
      }
      await target.assertGoesOn("python");
    });
  }

  for (const [doing, [entry, seen]] of Object.entries(OF_ANOTHER)) {
    test(`${doing} a descriptor that two processes share, and the other goes on`, async () => {
      const run = await python(`
to_child, to_parent = os.pipe(), os.pipe()
if fork_sharing_descriptors() == 0:
    os.read(to_child[0], 1)
    forge(${entry})
    os.sched_yield()
    os.write(to_parent[1], b"x")
    os.read(to_child[0], 1)
    os._exit(0)
file = 0
while file < 20: file = os.open("/attack/habit", os.O_RDONLY)
for i in range(8): os.stat(str(i), dir_fd=20)
os.fstat(20)
os.write(to_child[1], b"x"); os.read(to_parent[0], 1)
print(is_open(20), is_open(20) and not os.get_inheritable(20), is_open(60))`);
      assert.equal(run.stdoutText, `${seen}\n`, `${run.status} ${run.stderrText}`);
    });
  }

  const HIDDEN = `
files = [os.open(path, os.O_RDONLY) for path in paths[:3]]
directory = os.open("/attack/habit", os.O_RDONLY)
os.write(2, b"before")
forge(CLOSE | files[0], 0, CLOSE | files[1], 0, FCNTL | directory, 40 << 16 | DUPLICATE)
os.write(2, b"after")
print(*map(is_open, (*files, directory, 40)))`;

  for (const [setting, { code, isTraced }] of Object.entries({
    traced: SETTINGS.traced,
    watched: { code: WATCH, isTraced: false },
  })) {
    test(`is none where all calls are the host's: ${setting}`, async () => {
      const run = await python(code + HIDDEN, isTraced);
      assert.equal(run.stdoutText, "True True True True False\n", run.stderrText);
    });
  }

  test("takes no time where each call may be the one at which something is due", async () => {
    const code = `${PRELUDE}
signal.setitimer(signal.ITIMER_REAL, 1000)
entries = [(), [GETPID, 0] * 200]
def took(words):
    start = time.monotonic_ns(); forge(*words); return time.monotonic_ns() - start
took(entries[1])
print(took(entries[0]) == took(entries[1]))`;
    const deterministic = { seed: "5c".repeat(32), clockMs: Date.UTC(2031, 0, 1) };
    const run = await target.sandbox.run({ tool: "python", code, limits: { wallMs: WALL_MS } }, { deterministic });
    assert.equal(run.stdoutText, "True\n", run.stderrText);
  });
});

/** A program that writes logs of its own and then asks for something, again and again. */
function forgeries(seed: number): string {
  return `
random.seed(${seed} + (other == 0))
numbers = [0, 3, 3, 5, 8, 17, 39, 72, 72, 217, 231, 257, 262, 57, 59, 62, 65535]
for round in range(300):
    try:
        habit(paths[:3])
        keep = os.open(paths[0], os.O_RDONLY)
        if other >= 0: os.sched_yield()
    except OSError: continue
    entries = random.choice([1, 5, 256])
    for i in range(entries):
        call = random.choice(numbers) << 16 | random.choice([random.randrange(3, 70), random.randrange(65536)])
        poke(800 + 8 * i, u32(call, random.choice([2, 1 << 16 | 2, 0, 1030, random.getrandbits(32)])))
    poke(144, random.randbytes(16))
    poke(160, random.randbytes(512) if random.random() < 0.5 else bytes(512))
    poke(672, random.randbytes(128))
    poke(136, u32(random.choice([entries, entries, 255, 257, 0xffffffff])))
    if other >= 0 and random.random() < 0.5: os.sched_yield()
    for attempt in (lambda: os.lseek(keep, 0, 1), lambda: os.read(keep, 10), lambda: os.fstat(keep), lambda: os.stat(paths[1]), lambda: os.close(keep)):
        try: attempt()
        except OSError: pass
if other == 0: os._exit(0)
`;
}
