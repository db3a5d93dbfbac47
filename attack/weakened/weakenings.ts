import type { Weakening } from "./weakening.ts";

/** One for each class. They are edits of a copy, so that the product needs no switch that turns a wall off. */
export const WEAKENINGS: readonly Weakening[] = [
  {
    className: "a-before-the-vm",
    takesOut: "that a Python which somebody else may have put there is left alone",
    edits: [
      {
        file: "src/sandbox/templates/host-python.ts",
        find: "if (objection !== undefined) return objection;",
        replace: "if (way === undefined && objection !== undefined) return objection;",
      },
      {
        file: "src/sandbox/templates/host-python.ts",
        find: "if (environment !== undefined && holdsProject(dirname(environment), places))",
        replace: "if (environment === undefined && holdsProject(dirname(found), places))",
      },
    ],
    attacks: ["activated-environment-of-the-project"],
  },
  {
    className: "a-before-the-vm",
    takesOut: "that compiled code lies in a directory which was made here",
    edits: [
      {
        file: "bin/ztl.js",
        find: "return path === join(root,",
        replace: "return path.startsWith(root) || path === join(root,",
      },
    ],
    attacks: ["compiled-code-of-others"],
  },
  {
    className: "b-hostile-cell",
    takesOut: "that a reply carries the cell's nonce",
    edits: [
      {
        file: "src/sandbox/reply-reader.ts",
        find: "if (Buffer.compare(prefix.nonce, this.#nonce) !== 0)",
        replace: "if (this.#nonce.length === 0)",
      },
    ],
    attacks: ["frame-without-the-nonce"],
  },
  {
    className: "b-hostile-cell",
    takesOut: "that a change is in a place that the run may change",
    edits: [
      {
        file: "src/sandbox/cell/reply/change.ts",
        find: 'return place?.mount.kind === "overlay" ? place :',
        replace: "return place !== undefined ? place :",
      },
    ],
    attacks: ["change-outside-the-mounts", "names-of-other-files"],
  },
  {
    className: "c-guest-on-the-channel",
    takesOut: "that holes travel as holes",
    edits: [
      {
        file: "src/sandbox/sparse.ts",
        find: "if (length === grain && pieces.every(isZeros)) continue;",
        replace: "if (length !== grain && pieces.every(isZeros)) continue;",
      },
    ],
    attacks: ["holes-that-fill-the-host"],
  },
  {
    className: "d-jail",
    takesOut: "that a futex is the process's own",
    edits: [
      {
        file: "src/vmm/host/seccomp/cell-calls.ts",
        find: "mask: ~FUTEX_CLOCK_REALTIME >>> 0,",
        replace: "mask: ~(FUTEX_CLOCK_REALTIME | FUTEX_PRIVATE) >>> 0,",
      },
      {
        file: "src/vmm/host/seccomp/cell-calls.ts",
        find: "operation | FUTEX_PRIVATE",
        replace: "operation",
      },
    ],
    attacks: ["futexes-between-cells"],
  },
  {
    className: "d-jail",
    takesOut: "that the filter knows which system calls a cell makes",
    edits: [
      {
        file: "src/vmm/host/seccomp/install.ts",
        find: 'filterProgram(calls, "kill")',
        replace: 'filterProgram(calls, "allow")',
      },
    ],
    attacks: ["signals", "keyrings"],
  },
  {
    className: "d-jail",
    takesOut: "that a cell has only what the guest is shown",
    edits: [
      {
        file: "src/vmm/host/launcher/mounts.ts",
        find: "planRoot([...readable,",
        replace: 'planRoot(["/", ...readable,',
      },
      {
        file: "src/vmm/host/launcher/launcher.ts",
        find: "...[...readable, ...own.readable].map(",
        replace: '...["/", ...readable, ...own.readable].map(',
      },
      { file: "src/vmm/host/confine.ts", find: "confineReads(readable)", replace: 'confineReads(["/", ...readable])' },
    ],
    attacks: ["paths-outside"],
  },
  {
    className: "e-cpu-and-vm",
    takesOut: "that a half-done access to the VMM's pages is finished before anything else runs",
    edits: [
      {
        file: "src/vmm/kvm-cpu.ts",
        find: "const isFinished = finishAccess(this.#vcpu);",
        replace: "const isFinished = finishAccess !== undefined;",
      },
    ],
    attacks: ["random-instructions"],
  },
  {
    className: "f-paging",
    takesOut: "that a mapping which is made read-only, or copied on write, loses the right to be written",
    edits: [
      {
        file: "src/vmm/page-tables.ts",
        find: "((low & ~WRITABLE) | (writable ? WRITABLE : 0)) >>> 0",
        replace: "(writable ? low | WRITABLE : low) >>> 0",
      },
    ],
    attacks: ["stale-rights", "copies-after-fork", "read-only-views"],
  },
  {
    className: "g-paths-and-mounts",
    takesOut: "that hidden places are not there",
    edits: [
      {
        file: "src/linux/vfs/host-tree.ts",
        find: "if (this.#shared.hidden?.covers(state) === true) return undefined;",
        replace: 'if (this.#shared.hidden?.covers(state) === true && path === "") return undefined;',
      },
    ],
    attacks: ["around-ztls-own-directories"],
  },
  {
    className: "g-paths-and-mounts",
    takesOut: "that a read-only mount is read-only",
    edits: [
      {
        file: "src/linux/vfs/tree.ts",
        find: 'if (location.mount.readOnly) fail("EROFS");',
        replace: 'if (location.mount === undefined) fail("EROFS");',
      },
      {
        file: "src/linux/vfs/vfs.ts",
        find: 'if ((wanted & Access.write) !== 0 && inode.readOnly) fail("EROFS");',
        replace: "",
      },
    ],
    attacks: ["write-to-read-only-mount"],
  },
  {
    className: "h-limits",
    takesOut: "that output ends at its limit",
    edits: [
      {
        file: "src/linux/kernel.ts",
        find: "this.output = new Output(limits.outputBytes);",
        replace: "this.output = new Output(2 ** 40);",
      },
    ],
    attacks: ["output-in-pieces"],
  },
  {
    className: "i-rollback",
    takesOut: "that changed pages are copied back",
    edits: [
      {
        file: "src/vmm/rollback.ts",
        find: "allBytes.copyWithin(start, sizeBytes + start, sizeBytes + end);",
        replace: "allBytes.copyWithin(start, start, end);",
      },
    ],
    attacks: ["memory", "modules"],
  },
  {
    className: "j-policy-and-taint",
    takesOut: "the rule of two",
    edits: [
      {
        file: "src/policy/rules.ts",
        find: "[roleAsk, toolAsk, ruleOfTwo]",
        replace: "ruleOfTwo === undefined ? [] : [roleAsk, toolAsk]",
      },
    ],
    attacks: ["mail-after-private-and-untrusted", "forgetting-by-restart", "taint-by-message"],
  },
  {
    className: "k-approval",
    takesOut: "that an approval is used up by one call",
    edits: [
      {
        file: "src/loop/reviews/review-store.ts",
        find: 'return this.#move(id, "use");',
        replace: 'return id !== "";',
      },
    ],
    attacks: ["used-twice"],
  },
  {
    className: "l-memory-and-vectors",
    takesOut: "that an admission is signed by the guard",
    edits: [
      {
        file: "src/guard/admission-verifier.ts",
        find: "if (!hasSigned(this.#signer, claimBytes(claims), admission.signature))",
        replace: "if (!hasSigned && this.#signer && claimBytes(claims))",
      },
    ],
    attacks: ["forged-admissions", "forged-documents"],
  },
  {
    className: "m-ledger",
    takesOut: "that a head kept elsewhere is asked for, and that an entry has its hash",
    edits: [
      {
        file: "src/ledger/verify.ts",
        find: "const { anchor, anchors = [] } = this.#options;",
        replace: "const { anchor, anchors = [] } = { ...this.#options, anchor: undefined };",
      },
      {
        file: "src/ledger/verify.ts",
        find: "if (entry.hash !== hex(stored.hash))",
        replace: "if (entry.hash === undefined)",
      },
    ],
    attacks: ["rolled-back-to-an-anchor", "every-flipped-byte"],
  },
  {
    className: "n-page",
    takesOut: "that a request names this server",
    edits: [{ file: "src/server/access/gate.ts", find: "if (!hosts.has(host)) {", replace: "if (hosts.size === 0) {" }],
    attacks: ["another-name-for-the-host"],
  },
  {
    className: "o-guard-evasion",
    takesOut: "that base64 and hexadecimal are looked into",
    edits: [
      {
        file: "src/guard/examination.ts",
        find: 'this.#runs(view, base64, "base64");',
        replace: 'if (base64 === null) this.#runs(view, base64, "base64");',
      },
    ],
    attacks: ["encodings", "two-encodings"],
  },
  {
    className: "p-egress",
    takesOut: "that an address is looked at once its name is granted",
    edits: [
      {
        file: "src/egress/gate.ts",
        find: ": this.allowed.refusesAddress(host, port, address);",
        replace: ": port === 0 ? this.allowed.refusesAddress(host, port, address) : undefined;",
      },
    ],
    attacks: ["names-that-lead-home", "names-that-change-their-mind"],
  },
];
