import { FILE_TYPE_MASK, FileType, type Stat } from "./inode.ts";

/** Who asks, as far as file permissions go (credentials(7)). */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** Wanted rights, as in access(2). */
export const Access = { execute: 1, write: 2, read: 4 } as const;

export const ROOT: Credentials = { uid: 0, gid: 0, groups: [] };

export function inGroup(credentials: Credentials, gid: number): boolean {
  return credentials.gid === gid || credentials.groups.includes(gid);
}

/**
 * Whether the mode bits give `credentials` all rights in `wanted` (path_resolution(7)). User 0 has CAP_DAC_OVERRIDE:
 * everything, except executing a file nobody may execute.
 */
export function mayAccess(stat: Stat, credentials: Credentials, wanted: number): boolean {
  if (credentials.uid === 0) {
    const isDirectory = (stat.mode & FILE_TYPE_MASK) === FileType.directory;
    return (wanted & Access.execute) === 0 || isDirectory || (stat.mode & 0o111) !== 0;
  }
  let granted = stat.mode;
  if (stat.uid === credentials.uid) granted >>= 6;
  else if (inGroup(credentials, stat.gid)) granted >>= 3;
  return (wanted & ~granted & 7) === 0;
}

/** Whether a file of that stat may be executed. */
export function mayExecute(stat: Stat, credentials: Credentials): boolean {
  return mayAccess(stat, credentials, Access.execute);
}
