import { closeSync, fstatSync, openSync } from "node:fs";
import { hostError, lastErrno, syscall, syscallOnBytes } from "./libc.ts";

/** asm/unistd_64.h */
const SYS_CREATE_RULESET = 444;
const SYS_ADD_RULE = 445;
const SYS_RESTRICT_SELF = 446;
/** linux/landlock.h */
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const READ_FILE = 1 << 2;
const READ_DIR = 1 << 3;
/** All rights on files that a version of Landlock can handle: bits 0 to 12, then one more with versions 2 and 3. */
const fileRights = (version: number): number => 0x1fff | (version >= 2 ? 1 << 13 : 0) | (version >= 3 ? 1 << 14 : 0);
/** Binding and connecting TCP sockets, from version 4. */
const NETWORK_RIGHTS = 3;
/** Reaching abstract Unix sockets of, and signalling, processes outside: from version 6. */
const SCOPES = 3;
/** asm-generic/fcntl.h */
const O_PATH = 0o10000000;

/**
 * From now on this thread opens files only to read, and only beneath the given paths; it connects to nobody and signals
 * nobody outside (landlock(7)). Files already open stay open.
 * @returns the version of Landlock, or 0 when this kernel has none: then nothing is confined.
 */
export function confineReads(paths: readonly string[]): number {
  // SAFETY: asks for the version; no memory is passed.
  const version = syscallOnBytes(SYS_CREATE_RULESET, null, 0, CREATE_RULESET_VERSION);
  if (version < 1) return 0;
  const attributes = new DataView(new ArrayBuffer(24));
  attributes.setBigUint64(0, BigInt(fileRights(version)), true);
  if (version >= 4) attributes.setBigUint64(8, BigInt(NETWORK_RIGHTS), true);
  if (version >= 6) attributes.setBigUint64(16, BigInt(SCOPES), true);
  const ruleset = createRuleset(new Uint8Array(attributes.buffer, 0, version >= 6 ? 24 : version >= 4 ? 16 : 8));
  try {
    for (const path of paths) allowReading(ruleset, path);
    // SAFETY: plain integers.
    if (syscall(SYS_RESTRICT_SELF, ruleset, 0, null, 0) !== 0) throw hostError("landlock_restrict_self", lastErrno());
  } finally {
    closeSync(ruleset);
  }
  return version;
}

function createRuleset(attributes: Uint8Array): number {
  // SAFETY: the kernel reads the attributes during the call (rule a); their length is passed with them.
  const fd = syscallOnBytes(SYS_CREATE_RULESET, attributes, attributes.length, 0);
  if (fd < 0) throw hostError("landlock_create_ruleset", lastErrno());
  return fd;
}

function allowReading(ruleset: number, path: string): void {
  const fd = openSync(path, O_PATH);
  try {
    // struct landlock_path_beneath_attr, packed: allowed rights, descriptor.
    const rule = new DataView(new ArrayBuffer(12));
    rule.setBigUint64(0, BigInt(fstatSync(fd).isDirectory() ? READ_FILE | READ_DIR : READ_FILE), true);
    rule.setInt32(8, fd, true);
    // SAFETY: the kernel reads the rule during the call (rule a).
    if (syscall(SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, new Uint8Array(rule.buffer), 0) !== 0)
      throw hostError("landlock_add_rule", lastErrno());
  } finally {
    closeSync(fd);
  }
}
