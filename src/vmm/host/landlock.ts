import { closeSync, fstatSync, openSync } from "node:fs";
import { hostError, lastErrno, syscall, syscallOnBytes } from "./libc.ts";

/** asm/unistd_64.h */
const SYS_CREATE_RULESET = 444;
const SYS_ADD_RULE = 445;
const SYS_RESTRICT_SELF = 446;
/** linux/landlock.h */
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
/** Rights on files, as far as this package gives any. */
export const LandlockRight = {
  execute: 1n << 0n,
  writeFile: 1n << 1n,
  readFile: 1n << 2n,
  readDirectory: 1n << 3n,
  removeFile: 1n << 5n,
  makeDirectory: 1n << 7n,
  makeFile: 1n << 8n,
  truncate: 1n << 14n,
} as const;
/** Those of them that a rule on a single file may name. */
const ON_FILES = LandlockRight.execute | LandlockRight.writeFile | LandlockRight.readFile | LandlockRight.truncate;
/** asm-generic/fcntl.h */
const O_PATH = 0o10000000;

/** What a version of Landlock can take away: rights on files, on networks, and reach by other ways (landlock(7)). */
interface Handled {
  readonly version: number;
  readonly files: bigint;
  readonly network: bigint;
  readonly scopes: bigint;
}

/** The newest version this package knows the rights of; of newer ones the kernel is asked, bit by bit. */
const VERSION_KNOWN = 7;

/** Paths beneath which something is allowed. */
export interface LandlockRule {
  readonly path: string;
  readonly rights: bigint;
}

let known: Handled | undefined | "unasked" = "unasked";

/** Everything that the running kernel's Landlock can take away; undefined when it has none. */
export function landlockHandles(): Handled | undefined {
  if (known === "unasked") known = ask();
  return known;
}

function ask(): Handled | undefined {
  // SAFETY: asks for the version; no memory is passed.
  const version = syscallOnBytes(SYS_CREATE_RULESET, null, 0, CREATE_RULESET_VERSION);
  if (version < 1) return undefined;
  const bits = (count: number): bigint => (1n << BigInt(count)) - 1n;
  const handled = {
    version,
    // 13 rights from the start; REFER, TRUNCATE and IOCTL_DEV came with versions 2, 3 and 5.
    files: bits(13 + (version >= 2 ? 1 : 0) + (version >= 3 ? 1 : 0) + (version >= 5 ? 1 : 0)),
    // Binding and connecting TCP sockets.
    network: version >= 4 ? bits(2) : 0n,
    // Abstract Unix sockets and signals.
    scopes: version >= 6 ? bits(2) : 0n,
  };
  if (version <= VERSION_KNOWN) return handled;
  const more = (part: "files" | "network" | "scopes"): bigint => {
    let all = handled[part];
    for (let bit = 1n; bit < 1n << 64n; bit <<= 1n) {
      const fd = create({ ...handled, files: 0n, network: 0n, scopes: 0n, [part]: bit });
      if (fd < 0) continue;
      closeSync(fd);
      all |= bit;
    }
    return all;
  };
  return { version, files: more("files"), network: more("network"), scopes: more("scopes") };
}

/** A ruleset that takes away all the kernel can, and gives back what the rules say. @returns a descriptor, close-on-exec. */
export function landlockRuleset(handled: Handled, rules: readonly LandlockRule[]): number {
  const ruleset = create(handled);
  if (ruleset < 0) throw hostError("landlock_create_ruleset", -ruleset);
  try {
    for (const rule of rules) add(ruleset, handled, rule);
    return ruleset;
  } catch (error) {
    closeSync(ruleset);
    throw error;
  }
}

/**
 * From now on this thread opens files only to read, and only beneath the given paths; it connects to nobody and signals
 * nobody outside (landlock(7)). Files already open stay open.
 * @returns the version of Landlock, or 0 when this kernel has none: then nothing is confined.
 */
export function confineReads(paths: readonly string[]): number {
  const handled = landlockHandles();
  if (handled === undefined) return 0;
  const rights = LandlockRight.readFile | LandlockRight.readDirectory;
  const ruleset = landlockRuleset(
    handled,
    paths.map((path) => ({ path, rights })),
  );
  try {
    // SAFETY: plain integers.
    if (syscall(SYS_RESTRICT_SELF, ruleset, 0, null, 0) !== 0) throw hostError("landlock_restrict_self", lastErrno());
  } finally {
    closeSync(ruleset);
  }
  return handled.version;
}

/** @returns a descriptor or a negative errno. */
function create({ version, files, network, scopes }: Handled): number {
  const attributes = new DataView(new ArrayBuffer(24));
  attributes.setBigUint64(0, files, true);
  attributes.setBigUint64(8, network, true);
  attributes.setBigUint64(16, scopes, true);
  const bytes = new Uint8Array(attributes.buffer, 0, version >= 6 ? 24 : version >= 4 ? 16 : 8);
  // SAFETY: the kernel reads the attributes during the call (rule a); their length is passed with them.
  const fd = syscallOnBytes(SYS_CREATE_RULESET, bytes, bytes.length, 0);
  return fd < 0 ? -lastErrno() : fd;
}

function add(ruleset: number, handled: Handled, { path, rights }: LandlockRule): void {
  const fd = openSync(path, O_PATH);
  try {
    // struct landlock_path_beneath_attr, packed: allowed rights, descriptor.
    const rule = new DataView(new ArrayBuffer(12));
    const possible = handled.files & (fstatSync(fd).isDirectory() ? rights : rights & ON_FILES);
    rule.setBigUint64(0, possible, true);
    rule.setInt32(8, fd, true);
    // SAFETY: the kernel reads the rule during the call (rule a).
    if (syscall(SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, new Uint8Array(rule.buffer), 0) !== 0)
      throw hostError("landlock_add_rule", lastErrno());
  } finally {
    closeSync(fd);
  }
}
