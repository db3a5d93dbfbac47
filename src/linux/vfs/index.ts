export { ByteBudget, NAMES_MAX, OverlayFull } from "./budget.ts";
export type { ChangedFileType } from "./changed-file-type.ts";
export type { Change } from "./changes.ts";
export { Access, type Credentials, inGroup, mayAccess, mayExecute, ROOT } from "./credentials.ts";
export { devMounts, devRoot, isZeroDevice, type TerminalDevice, terminalDevice } from "./dev.ts";
export { fixedStat, newFixedIno } from "./fixed.ts";
export * from "./inode.ts";
export type { RunLayer } from "./layer/layer-source.ts";
export { Location } from "./location.ts";
export { MemoryFile, Seal } from "./memory-file.ts";
export { type Mount, MountPlan, type MountSpec } from "./mounts.ts";
export { FileEvent, type FileObserver } from "./observer.ts";
export { ProcessDirectory, type ProcFile, type ProcSource, procRoot } from "./proc.ts";
export type { FileRead } from "./read-recorder.ts";
export { STAT_BYTES, writeStat } from "./stat-record.ts";
export {
  fixedEntries,
  type Owner,
  type ProcLink,
  SyntheticDirectory,
  type SyntheticEntries,
  SyntheticFile,
  SyntheticSymlink,
} from "./synthetic.ts";
export type { VfsOptions } from "./tree.ts";
export {
  VANISHED_PATH_BYTES_MAX,
  VANISHED_PATHS_MAX,
  VANISHED_VISITED_MAX,
  type Vanishing,
} from "./vanishing.ts";
export { type Opened, OpenFlag, type ResolveOptions, Vfs } from "./vfs.ts";
export { MagicLink, NAME_MAX } from "./walk.ts";
