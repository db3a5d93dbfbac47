import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AnnexBytes, AnnexVa } from "../../src/vmm/index.ts";
import { hex, staticElf } from "../attack/elf.ts";
import { Target } from "../attack/harness.ts";
import { Random } from "../attack/random.ts";
import { annexMissing } from "./missing.ts";

/*
 * The annex runs where the program does, and its state is the program's to write: whatever is written there, and wherever a
 * program jumps to, is no more than the program could do by itself, and nothing of it is left for the next one.
 */
const JUMPS = Number(process.env.ZTL_FUZZ_ROUNDS ?? 1) * 150;
const LIMITS = { wallMs: 1500, cpuMs: 1500, processes: 8, memoryBytes: 64 << 20, overlayBytes: 4 << 20 };
const SECRET = "a-secret-that-nobody-else-may-see";

/** Four of them have room at once. */
const LARGE_BYTES = 60_000;
const notRoot = process.getuid?.() !== 0 && "SKIPPED: not root";

const PRELUDE = `
import ctypes, os, random, sys
STATE, FACTS, CONTENT = ${AnnexVa.state}, ${AnnexVa.facts}, ${AnnexVa.content}
MARK = 0x5ec4e7a
libc = ctypes.CDLL(None)
def content(): return ctypes.string_at(CONTENT, ${AnnexBytes.content})
def facts(): return ctypes.string_at(FACTS, ${AnnexBytes.facts})
def state(): return ctypes.string_at(STATE, ${AnnexBytes.state})
def poke(offset, data): ctypes.memmove(STATE + offset, data, len(data))
def u32(*values): return b"".join((v & 0xffffffff).to_bytes(4, "little") for v in values)
def habit(paths):
    for path in paths:
        fd = os.open(path, os.O_RDONLY); os.fstat(fd)
        while os.read(fd, 65536): pass
        os.close(fd)
paths = [f"/attack/habit/{i}" for i in range(8)]
def marked():
    with open("/tmp/marked", "w") as file: file.truncate(MARK)
    return "/tmp/marked"
`;

/** What one user's process leaves in the annex, and how another's finds it; `seen` says that it was there. */
const LEFT: Readonly<Record<string, { readonly leave: string; readonly look: string }>> = {
  "content of an open file": {
    leave: "habit(paths)\nfd = os.open(paths[0], os.O_RDONLY)\nseen = look()",
    look: `return b"${SECRET}" in content()`,
  },
  // So many that the room for them is used anew from its beginning, by fewer bytes than before.
  "content of large files": {
    leave: `
for i in range(9):
    habit([f"/attack/large-{i}"])
    seen = seen or look()`,
    look: `return b"${SECRET}" in content()`,
  },
  "attributes of a file": {
    leave: "fd = os.open(marked(), os.O_RDONLY)\nseen = look()",
    look: "return u32(MARK) in facts()",
  },
  "attributes of closed files": {
    leave: `
path = marked()
fds = [os.open(path, os.O_RDONLY) for i in range(4)]
seen = look()
for fd in fds: os.close(fd)`,
    look: "return u32(MARK) in facts()",
  },
  "names that were asked for": {
    leave: "for i in range(20): os.stat(f'/attack/habit/{i}')\nseen = look()",
    look: 'return b"/attack/habit" in facts()',
  },
  positions: {
    leave: "fd = os.open(paths[0], os.O_RDONLY)\nos.lseek(fd, MARK, 0)\nseen = look()",
    look: "return u32(MARK) in state()[160:672]",
  },
  log: {
    leave: "fd = os.open(paths[0], os.O_RDONLY)\nos.lseek(fd, 1, 0)\nseen = look()",
    look: "return any(u32(8 << 16 | fd) in state()[800:2848] for fd in range(64))",
  },
  // The annex keeps the last call's; the last call before the other's turn has the mark in one.
  registers: { leave: "seen = True", look: "return u32(MARK) in state()[:128]" },
  "what it wrote there itself, with nothing told": {
    leave: "for at in (2848, 4096): poke(at, u32(MARK) * 300)\nseen = look()\nos.umask(0o22)",
    look: "return u32(MARK) in state()[2848:]",
  },
};

describe("a program that uses the annex against us", { skip: annexMissing() }, () => {
  let target: Target;
  before(async () => {
    target = await Target.open();
    mkdirSync(join(target.directory, "habit"));
    for (let i = 0; i < 40; i++) writeFileSync(join(target.directory, "habit", String(i)), `${SECRET} ${i}\n`);
    for (let i = 0; i < 9; i++)
      writeFileSync(join(target.directory, `large-${i}`), SECRET.repeat(LARGE_BYTES / SECRET.length));
  });
  after(() => target[Symbol.asyncDispose]());

  const python = (code: string, limits = {}) => target.run({ tool: "python", code: PRELUDE + code, limits });

  test("jumps into the middle of it end as a program ends", async () => {
    for (let seed = 0; seed < JUMPS; seed++) {
      const random = new Random(seed);
      const offset = random.below(AnnexBytes.code);
      const program = target.program(staticElf(jumpTo(AnnexVa.code + offset, random)));
      const run = await target.run({ tool: "exec", program, limits: LIMITS });
      target.assertContained(run, `a jump to ${offset}, seed ${seed}`);
    }
    await target.assertGoesOn("exec");
  });

  test("calls without end are stopped, though none of them leaves the guest", async () => {
    // Each call of the annex's own, as fast as it goes: the log fills up, and the host sees each of them.
    const busy = await python("import threading\nwhile True: os.getpid(); os.fstat(0)", { wallMs: 1500 });
    assert.ok(busy.status === "limit", busy.status);
    await target.assertGoesOn("python");
  });

  test("what it has at hand of a file was recorded as read", async () => {
    const run = await python(`
habit(paths)
for path in paths[:4]:
    fd = os.open(path.replace("habit/", "habit/1"), os.O_RDONLY)
seen = [i for i in range(40) if b"${SECRET} %d\\n" % i in content()]
print(len(seen) > 0, *seen)`);
    const [some, ...seen] = run.stdoutText.trim().split(" ");
    assert.equal(some, "True", run.stderrText);
    const read = new Set(run.reads.map(({ path }) => path));
    for (const i of seen) assert.ok(read.has(`/attack/habit/${i}`), `content of ${i} without a record`);
    assert.ok(!read.has("/attack/habit/30"));
  });

  test("nothing of a run is left for the next", async () => {
    await python(
      "habit(paths); fd = os.open(paths[0], os.O_RDONLY)\nfor i in range(20): os.stat(f'/attack/habit/{i}')",
    );
    const run = await python(`print(b"${SECRET}" in content(), b"/attack/habit" in facts())`);
    assert.equal(run.stdoutText, "False False\n", run.stderrText);
  });

  for (const [what, { leave, look }] of Object.entries(LEFT)) {
    test(`nothing of a process is left for another user's: ${what}`, { skip: notRoot }, async () => {
      const run = await python(`
to_child, to_parent = os.pipe(), os.pipe()
def look(): ${look}
if os.fork() == 0:
    os.setuid(1000)
    os.write(to_parent[1], b"x")
    os.read(to_child[0], 1)
    seen = look()
    print(seen, flush=True)
    os._exit(0)
os.read(to_parent[0], 1)
seen = False
${leave}
print(seen, flush=True)
os.write(to_child[1], b"x")
libc.syscall(61, -1, None, 0, None, 0, MARK)`);
      assert.equal(run.stdoutText, "True\nFalse\n", run.stderrText);
    });
  }
});

/** Loads all registers with what may lead somewhere, and jumps. */
function jumpTo(address: number, random: Random): Buffer {
  const values = [0n, 1n, 39n, 3n, 262n, BigInt(AnnexVa.state), BigInt(AnnexVa.facts), 0x600000n, 0x600100n, ~0n];
  const loads = Array.from({ length: 15 }, (_, register) => {
    // All but RAX, which takes the address in the end; `mov r64, imm64` (Intel SDM vol. 2, MOV).
    const number = register + 1;
    return Buffer.concat([
      Buffer.from([number < 8 ? 0x48 : 0x49, 0xb8 + (number % 8)]),
      word(values[random.below(values.length)] ?? 0n),
    ]);
  });
  return Buffer.concat([...loads, hex("48b8"), word(BigInt(address)), hex("ffe0")]);
}

function word(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}
