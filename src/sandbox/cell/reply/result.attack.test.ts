import assert from "node:assert/strict";
import { test } from "node:test";
import { assembleResult } from "../../result-assembly.ts";
import { CHANGES, FACTS, fullReply, sha256 } from "../../testing/replies.ts";
import { resultOf } from "./result.ts";

/** What the host makes of a reply. Each forgery differs from an honest one in one thing, and that one thing ends the cell. */

type Header = Record<string, unknown>;

function answer(change: (header: Header, body: Buffer) => unknown, facts = FACTS): void {
  const { header, body } = fullReply();
  const changed = change(header, body);
  resultOf(header, Buffer.isBuffer(changed) ? changed : body, facts);
}

function assertForged(what: string, change: (header: Header, body: Buffer) => unknown, facts = FACTS): void {
  assert.throws(() => answer(change, facts), { name: "ZtlError", code: "cell-misbehaved" }, what);
}

test("an honest reply is taken as it is", () => {
  const { header, body } = fullReply();
  const reply = resultOf(header, body, FACTS);
  const times = {
    calledUs: 900_000,
    acquiredUs: 1_000_000,
    repliedUs: 2_000_000,
    templateKey: "t",
    layers: new Set<never>(),
    egress: [],
  };
  const result = assembleResult(reply, body, FACTS.places, times);
  assert.equal(result.stdoutText, "out");
  assert.equal(result.stderrText, "er");
  assert.deepEqual(
    result.reads.map(({ hostPath }) => hostPath),
    ["/usr/lib/x", "/srv/vendor/y", "/etc/hosts"],
  );
  const contents = result.changes.map(({ content }) => content && [content.length, content[0], content.at(-1)]);
  assert.deepEqual(contents.slice(1, 4), [
    [5, 0x68, 0x6f],
    [5, 0x68, 0x6f],
    [200_000, 0x58, 0x59],
  ]);
  assert.equal(result.changes[8]?.content?.length, 0);
  assert.deepEqual(Buffer.from(result.changes[6]?.pathBytes ?? []), Buffer.from("/project/e\xff", "latin1"));
});

const set =
  (name: string, value: unknown) =>
  (header: Header): void => {
    header[name] = value;
  };

/** Values that are no count, length, number or id. */
const NO_COUNTS = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, "1", [1], {}, true, 2 ** 53];

const MEMBERS: Readonly<Record<string, readonly unknown[]>> = {
  type: ["built", "ready", "failed", undefined, 1],
  ending: [
    undefined,
    null,
    "exited",
    {},
    { kind: "won" },
    { kind: "toString" },
    { kind: "exited" },
    { kind: "exited", code: "rm -rf" },
    { kind: "exited", code: -1 },
    { kind: "exited", code: 256 },
    { kind: "exited", code: 0, signal: "SIGKILL" },
    { kind: "signaled", signal: "SIGKILL", number: 15 },
    { kind: "signaled", signal: "\u001b[2J", number: 9 },
    { kind: "signaled", signal: "SIGRTMIN+-34", number: 0 },
    { kind: "signaled", signal: "SIGRTMIN+31", number: 65 },
    { kind: "limit", limit: "patience" },
    { kind: "limit", limit: "constructor" },
    { kind: "limit" },
    { kind: "cancelled" },
    { kind: "error", code: "invalid-input", message: "x" },
    { kind: "error", code: "invariant", message: "x" },
    { kind: "error", code: "closed", message: "x" },
    { kind: "error", code: "guest-failed", message: 1 },
    { kind: "error", code: "guest-failed", message: "x".repeat(40_000) },
  ],
  stdoutBytes: [...NO_COUNTS, 1001, 4, 2],
  stderrBytes: [...NO_COUNTS, 1001, 1, 3],
  startedUs: [...NO_COUNTS, 999_999, 2_000_001],
  runMs: [-1, Number.NaN, Number.POSITIVE_INFINITY, null, "1", 802],
  rollbackMs: [-1, Number.NaN, null, "1", 600],
  reads: [undefined, null, {}, "x", [null], [[]], [{}]],
  changes: [undefined, null, {}, "x", [null], [[]], [{}], { length: 0 }],
  diagnostics: [undefined, null, [], {}, "x"],
};
for (const [name, values] of Object.entries(MEMBERS)) {
  test(`a reply with another ${name} is refused`, () => {
    for (const value of values) assertForged(`${name} = ${JSON.stringify(value)}`, set(name, value));
  });
}

test("a member too many is refused, also one with a name of JavaScript's own", () => {
  for (const name of ["id", "extra", "toString", "constructor", "__proto__"])
    assertForged(name, (header) => {
      Object.defineProperty(header, name, { value: 1, enumerable: true });
    });
});

test("a body that is not as long as its parts is refused", () => {
  assertForged("longer", (_, body) => Buffer.concat([body, Buffer.of(0)]));
  assertForged("shorter", (_, body) => body.subarray(1));
  assertForged("empty", () => Buffer.alloc(0));
});

test("more output or content than the run may write is refused", () => {
  assertForged("both outputs", () => {}, { ...FACTS, limits: { ...FACTS.limits, outputBytes: 4 } });
  assertForged("contents with their holes", () => {}, { ...FACTS, limits: { ...FACTS.limits, overlayBytes: 200_004 } });
  answer(() => {}, { ...FACTS, limits: { outputBytes: 5, overlayBytes: 200_005 } });
});

test("a run is cancelled only when somebody cancelled it", () => {
  answer(set("ending", { kind: "cancelled" }), { ...FACTS, wasCancelled: true });
});

/** Paths that are not a plain one in /project. */
const NO_PATHS = [
  undefined,
  1,
  "",
  "project/a",
  "/",
  "//project/a",
  "/project/",
  "/project//a",
  "/project/./a",
  "/project/../../etc/cron.d/x",
  "/../../etc/cron.d/x",
  "/project/..",
  "/project/a\0b",
  "/project/\u0100",
  "/project/\ud800",
  "/projects/a",
  "/projec",
  "/etc/passwd",
  "/etc/hosts",
  "/usr/bin/x",
  "/tmp/x",
  "/project/vendor",
  "/project/vendor/x",
  `/project/${"n".repeat(256)}`,
  `/project${"/n".repeat(2050)}`,
];

const change = (index: number, more: Header) => (header: Header) => {
  header.changes = CHANGES.map((one, at) => (at === index ? { ...one, ...more } : one));
};
const without = (index: number, name: string) => (header: Header) => {
  header.changes = CHANGES.map((one, at) => {
    const { [name]: _, ...rest } = one;
    return at === index ? rest : one;
  });
};

test("a change elsewhere than in a place that the run may change is refused", () => {
  for (const path of NO_PATHS) {
    assertForged(`path ${path}`, change(1, { path }));
    if (path === undefined) continue;
    assertForged(`renamedFrom ${path}`, change(8, { renamedFrom: path }));
    assertForged(`linkOf ${path}`, change(2, { linkOf: path }));
  }
});

test("changes out of order, or twice, are refused", () => {
  assertForged("swapped", (header) => {
    header.changes = [...CHANGES].reverse();
  });
  for (const [index, one] of CHANGES.entries())
    assertForged(`twice ${index}`, (header) => {
      header.changes = CHANGES.toSpliced(index, 0, one);
    });
});

const FORGED_CHANGES: readonly (readonly [number, Header])[] = [
  ...NO_COUNTS.filter((value) => value !== undefined).flatMap((value) =>
    ["mode", "uid", "gid", "sizeBytes"].map((name) => [1, { [name]: value }] as const),
  ),
  [1, { mode: 0o10000 }],
  [1, { uid: 2 ** 32 }],
  [1, { kind: "create" }],
  [1, { fileType: "device" }],
  [1, { fileType: "directory" }],
  [1, { extra: 1 }],
  [1, { contentBytes: 5 }],
  [1, { newSha256: "0" }],
  [1, { newSha256: sha256("x").toUpperCase() }],
  [1, { newSha256: `${sha256("x")}\n` }],
  [1, { baseSha256: sha256("x") }],
  [1, { symlinkTarget: "/etc/passwd" }],
  [1, { metadataOnly: true }],
  [1, { contentOf: 0 }],
  [1, { sizeBytes: 4 }],
  ...["", "1.5", "01", "-0", "0x1", "1e3", "9223372036854775808", 1, null, "١"].flatMap((mtimeNs) => [
    [1, { mtimeNs }] as const,
    [5, { mtimeNs }] as const,
  ]),
  ...[-1, 0.5, "1", 200_001, null].map((linkGroup) => [1, { linkGroup }] as const),
  [2, { contentOf: 2 }],
  [2, { contentOf: 3 }],
  [2, { contentOf: 0 }],
  [2, { contentOf: -1 }],
  [2, { contentOf: 100 }],
  [2, { sizeBytes: 6 }],
  [3, { metadataOnly: 1 }],
  [3, { baseChangedDuringRun: false }],
  [3, { linkOf: "/project/a" }],
  [3, { renamedFrom: "/project/a" }],
  [4, { sizeBytes: 1 }],
  [4, { mode: 0o755 }],
  [4, { fileType: "socket" }],
  [4, { mtimeNs: "1" }],
  [4, { linkGroup: 1 }],
  [5, { symlinkTarget: "" }],
  [5, { symlinkTarget: "a\0b" }],
  [5, { symlinkTarget: "\u4e00" }],
  [5, { symlinkTarget: "x".repeat(4096) }],
  [5, { extents: [] }],
  [6, { newSha256: sha256("x") }],
  [6, { mode: 1 }],
  [7, { sizeBytes: 1 }],
  [7, { kind: "modify" }],
  [9, { newSha256: sha256("x") }],
  [0, { kind: "add", metadataOnly: undefined }],
  [0, { fileType: "file" }],
];
test("a change that no run can have made is refused", () => {
  for (const [index, more] of FORGED_CHANGES)
    assertForged(`change ${index} with ${JSON.stringify(more)}`, change(index, more));
  for (const [index, names] of [
    [0, ["mode", "uid", "gid", "metadataOnly"]],
    [1, ["mode", "sizeBytes", "newSha256", "extents"]],
    [2, ["contentOf", "newSha256"]],
    [3, ["sizeBytes", "newSha256"]],
    [5, ["symlinkTarget"]],
  ] as const)
    for (const name of names) assertForged(`change ${index} without ${name}`, without(index, name));
});

test("extents that are not those of the file are refused", () => {
  for (const extents of [
    [0],
    [0, 1, 199_999],
    [199_999, 1, 0, 1],
    [0, 2, 1, 1],
    [0, 1, 199_999, 2],
    [0, 1, 200_000, 1],
    [0, 2, 5, 0],
    [0, 3],
    [-1, 2],
    [0, 1.5, 2, 0.5],
    [0, "2"],
    [0, 2 ** 53],
    [0, 1, 2 ** 32 + 5, 1],
    "0,2",
    { length: 0 },
    null,
  ])
    assertForged(JSON.stringify(extents), change(3, { extents }));
});

test("a file that was read elsewhere than in a mount of the host is refused", () => {
  const read = (more: Header) => (header: Header) => {
    header.reads = [{ path: "/usr/lib/x", sizeBytes: 10, changedDuringRun: false, ...more }];
  };
  for (const path of ["/tmp/x", "/proc/self/mem", "/etc/passwd", "/etc/shadow", "/usr/../etc/shadow", "usr/x", "", "/"])
    assertForged(path, read({ path }));
  assertForged("hostPath", read({ hostPath: "/etc/shadow" }));
  for (const sizeBytes of NO_COUNTS) assertForged(`sizeBytes ${sizeBytes}`, read({ sizeBytes }));
  for (const sha of ["", 1, null, "x".repeat(64)]) assertForged(`sha256 ${sha}`, read({ sha256: sha }));
  for (const flag of [undefined, 1, "true", null]) assertForged(`flag ${flag}`, read({ changedDuringRun: flag }));
  const sha256 = "0".repeat(64);
  for (const parts of [1, "0,4", [0], [4, 2, 0, 2], [0, 11], [0, 0], [-1, 2], [0.5, 1]])
    assertForged(`parts ${JSON.stringify(parts)}`, read({ sha256, parts }));
  assertForged("parts without a hash", read({ parts: [0, 4] }));
  for (const unhashed of ["", "later", 1, null]) assertForged(`unhashed ${unhashed}`, read({ unhashed }));
  assertForged("from a layer that it did not have", read({ sha256, fromLayer: true }));
  assertForged("hashed and not", read({ sha256, unhashed: "out-of-time" }));
});

test("diagnostics with names or counts that there are not are refused", () => {
  const { header } = fullReply();
  const good = header.diagnostics as Header;
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`n${index}`, 1]));
  for (const more of [
    { unknownSyscalls: [] },
    { unknownSyscalls: { "\u001b[2J": 1 } },
    { unknownSyscalls: { "": 1 } },
    { unknownSyscalls: { ["n".repeat(81)]: 1 } },
    { unknownSyscalls: { x: -1 } },
    { unknownSyscalls: { x: "1" } },
    { egressAttempts: many },
    { egressAttempts: null },
    { exits: -1 },
    { syscalls: 0.5 },
    { peakMemoryBytes: "1" },
    { notRepeatable: 1 },
    { vanished: null },
    { vanished: { files: 1 } },
    { vanished: { files: 1, paths: ["tmp/a"] } },
    { vanished: { files: 1, paths: ["/tmp/a\0"] } },
    { vanished: { files: 1, paths: ["/tmp/a", "/tmp/b"] } },
    { vanished: { files: 1001, paths: ["/tmp/a"] } },
    { vanished: { files: 11, paths: Array(11).fill("/a") } },
    { vanished: { files: 1, paths: [`/${"x".repeat(200)}/${"y".repeat(55)}`] } },
    { notRepeatable: "x".repeat(501) },
    { extra: 1 },
  ])
    assertForged(JSON.stringify(more), set("diagnostics", { ...good, ...more }));
});

test("names that mean something to JavaScript stay names", () => {
  const { header, body } = fullReply();
  const counts: unknown = JSON.parse('{"__proto__": 3, "constructor": 1}');
  const reply = resultOf(
    { ...header, diagnostics: { ...(header.diagnostics as Header), egressAttempts: counts } },
    body,
    FACTS,
  );
  assert.deepEqual(Object.entries(reply.diagnostics.egressAttempts), [
    ["__proto__", 3],
    ["constructor", 1],
  ]);
});
