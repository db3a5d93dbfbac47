import { createHash } from "node:crypto";
import { Places } from "../cell/reply/places.ts";
import type { RunFacts } from "../cell/reply/result.ts";
import { honest, MOUNTS } from "./hostile.ts";

/** The run whose reply it is: between the two instants a second passed. */
export const FACTS: RunFacts = {
  limits: { outputBytes: 1000, overlayBytes: 1_000_000 },
  places: new Places(MOUNTS),
  sentUs: 1_000_000,
  repliedUs: 2_000_000,
  wasCancelled: false,
};

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const OWNER = { mode: 0o644, uid: 0, gid: 0 };
const FILE = { ...OWNER, fileType: "file" } as const;

/** One change of each kind there is, as an honest cell reports them; and the contents they need. */
export const CHANGES: readonly Record<string, unknown>[] = [
  { path: "/project", kind: "modify", fileType: "directory", ...OWNER, metadataOnly: true },
  { path: "/project/a", kind: "add", ...FILE, sizeBytes: 5, newSha256: sha256("hello"), extents: [0, 5] },
  {
    path: "/project/b",
    kind: "add",
    ...FILE,
    sizeBytes: 5,
    newSha256: sha256("hello"),
    contentOf: 1,
    linkOf: "/project/a",
  },
  {
    path: "/project/c",
    kind: "modify",
    ...FILE,
    sizeBytes: 200_000,
    baseSha256: sha256("c"),
    newSha256: sha256("d"),
    extents: [0, 1, 199_999, 1],
  },
  { path: "/project/d", kind: "delete", fileType: "directory" },
  { path: "/project/d", kind: "add", fileType: "symlink", ...OWNER, symlinkTarget: "../../etc/passwd" },
  { path: "/project/e\xff", kind: "delete", fileType: "file", sizeBytes: 7, baseSha256: sha256("e") },
  { path: "/project/f", kind: "add", fileType: "fifo", ...OWNER },
  {
    path: "/project/g",
    kind: "add",
    ...FILE,
    sizeBytes: 0,
    newSha256: sha256(""),
    extents: [],
    renamedFrom: "/project/d/old",
  },
  { path: "/project/h", kind: "modify", ...FILE, baseSha256: sha256("h"), metadataOnly: true },
];

/** An honest reply with everything in it, and its body. */
export function fullReply(): { header: Record<string, unknown>; body: Buffer } {
  const header = honest({
    startedUs: 1_200_000,
    runMs: 300.5,
    rollbackMs: 1,
    stdoutBytes: 3,
    stderrBytes: 2,
    reads: [
      { path: "/usr/lib/x", sizeBytes: 10, sha256: sha256("x"), changedDuringRun: false },
      { path: "/project/vendor/y", sizeBytes: 3, changedDuringRun: true },
      { path: "/etc/hosts", sizeBytes: 3, sha256: sha256("hosts"), changedDuringRun: false },
    ],
    changes: CHANGES.map((change) => ({ ...change })),
    diagnostics: {
      unknownSyscalls: { "syscall 999": 1, landlock_add_rule: 2 },
      egressAttempts: { "192.0.2.1:80": 1, "[2001:0db8:0000:0000:0000:0000:0000:0001]:443": 2 },
      exits: 100,
      syscalls: 50,
      peakMemoryBytes: 1 << 20,
      notRepeatable: "it computed for a second",
    },
  });
  return { header, body: Buffer.from("outerhelloXY") };
}

/** What a cell says of a small template that it built. */
export function builtReply(): Record<string, unknown> {
  const vma = { start: 4096, end: 8192, protection: 5, path: "/usr/bin/python3", offset: 0, growsDown: false };
  return {
    type: "built",
    kernel: {
      nextPid: 2,
      cache: [
        [
          "1:2:3",
          [
            [0, 4096],
            [1, 8192],
          ],
        ],
      ],
      vdso: { codePage: 1, dataPage: 2 },
      process: {
        pid: 1,
        rootTable: 4096,
        vmas: [vma, { start: 8192, end: 12_288, protection: 3, name: "[heap]" }],
        parked: [[1, 2]],
        heapStart: 1,
        heapEnd: 2,
        arguments: { start: 1, end: 2, environmentEnd: 3 },
        descriptors: [
          [0, "stdin", false],
          [3, "job", true],
        ],
        cwd: "/",
        umask: 18,
        executable: "/usr/bin/python3",
        commandLine: ["python3"],
        environment: ["A=b"],
        actions: [{ signal: 13, handler: 1, flags: 0, restorer: 0, mask: "0" }],
        limits: [[7, { soft: 1024, hard: null }]],
        task: {
          name: "python3",
          signalMask: "0",
          clearChildTid: 0,
          robustList: 0,
          altStack: { base: 0, size: 0, flags: 2 },
        },
      },
    },
    reads: ["/usr/bin/python3"],
  };
}
