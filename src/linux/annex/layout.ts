import { AnnexBytes, AnnexVa, SystemPhysical } from "../../vmm/index.ts";

/** Where in guest-physical memory the parts of guest/annex/annex.h are, whose layout this is. */

export const DESCRIPTORS = 64;
export const LOG_ENTRIES = 256;
export const PATHS = 256;
export const PATH_BYTES = 160;
export const PROBES = 8;

/** struct state */
export const State = {
  logCount: SystemPhysical.annexState + 136,
  known: SystemPhysical.annexState + 144,
  used: SystemPhysical.annexState + 152,
  positions: SystemPhysical.annexState + 160,
  files: SystemPhysical.annexState + 672,
  descriptorFlags: SystemPhysical.annexState + 736,
  log: SystemPhysical.annexState + 800,
  closed: SystemPhysical.annexState + 800 + 8 * LOG_ENTRIES,
  bytes: 808 + 8 * LOG_ENTRIES,
} as const;

/** struct facts */
export const Facts = {
  logLimit: SystemPhysical.annexFacts,
  pathsCount: SystemPhysical.annexFacts + 4,
  /** pid, tid, uid, euid, gid, egid. */
  identity: SystemPhysical.annexFacts + 8,
  files: SystemPhysical.annexFacts + 32,
  paths: SystemPhysical.annexFacts + 11_296,
} as const;

/** struct file */
export const FileFact = {
  bytes: 176,
  content: 0,
  contentBytes: 8,
  kind: 12,
  sizeBytes: 16,
  statusFlags: 24,
  stat: 32,
} as const;
export const FileKind = { regular: 1, directory: 2, atEnd: 4 } as const;

/** struct path */
export const PathFact = { bytes: 320, length: 0, hash: 4, directory: 8, result: 12, stat: 16, name: 160 } as const;

export const Content = {
  physical: SystemPhysical.annexContent,
  address: AnnexVa.content,
  bytes: AnnexBytes.content,
} as const;
