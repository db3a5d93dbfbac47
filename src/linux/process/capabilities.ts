import type { Ids } from "./identity.ts";

/** Numbers of capabilities that are asked for here (linux/capability.h). */
export const Capability = {
  kill: 5,
  setGid: 6,
  setUid: 7,
  setPcap: 8,
  ipcOwner: 15,
  sysNice: 23,
  sysResource: 24,
} as const;
/** The newest that programs of this ABI know: CAP_CHECKPOINT_RESTORE. */
export const CAPABILITY_LAST = 40;
export const ALL_CAPABILITIES = (1n << BigInt(CAPABILITY_LAST + 1)) - 1n;

/** A thread's sets (capabilities(7)). */
export interface Capabilities {
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
  /** What an execve may still give. */
  readonly bounding: bigint;
  /** Keep what is permitted when the last id 0 is given up (PR_SET_KEEPCAPS). */
  readonly keeps: boolean;
}

/** What a process of that user begins with: all for user 0, nothing for others. */
export function capabilitiesOf(uid: number): Capabilities {
  const own = uid === 0 ? ALL_CAPABILITIES : 0n;
  return { permitted: own, effective: own, inheritable: 0n, ambient: 0n, bounding: ALL_CAPABILITIES, keeps: false };
}

export function holds({ effective }: Capabilities, capability: number): boolean {
  return ((effective >> BigInt(capability)) & 1n) === 1n;
}

/** What a change of user ids does to them (capabilities(7), "Effect of user ID changes on capabilities"). */
export function afterIds(old: Capabilities, before: Ids, after: Ids): Capabilities {
  const hasZero = ({ real, effective, saved }: Ids): boolean => [real, effective, saved].includes(0);
  let { permitted, effective, ambient } = old;
  if (hasZero(before) && !hasZero(after)) {
    effective = ambient = 0n;
    if (!old.keeps) permitted = 0n;
  }
  if (before.effective === 0 && after.effective !== 0) effective = 0n;
  if (before.effective !== 0 && after.effective === 0) effective = permitted;
  return { ...old, permitted, effective, ambient };
}

/** What an execve of a file without capabilities of its own leaves (capabilities(7), "Transformation"). */
export function capabilitiesAfterExec(old: Capabilities, { real, effective }: Ids): Capabilities {
  const isRoot = real === 0 || effective === 0;
  const permitted = isRoot ? old.inheritable | old.bounding : old.ambient;
  return { ...old, permitted, effective: effective === 0 ? permitted : old.ambient, keeps: false };
}
