import type { Credentials } from "../vfs/index.ts";

/** Who a process is, as a user or as a group (credentials(7)). */
export interface Ids {
  readonly real: number;
  readonly effective: number;
  /** Saved set-user-ID or set-group-ID: what an unprivileged process may come back to. */
  readonly saved: number;
  /** What files are looked at with; follows the effective one, but for setfsuid(2) and setfsgid(2). */
  readonly fs: number;
}

/** A process's users, groups and supplementary groups. */
export interface Identity {
  readonly user: Ids;
  readonly group: Ids;
  readonly groups: readonly number[];
}

/** "Leave as it is" in the set*id calls. */
export const KEEP = -1;

const same = (id: number): Ids => ({ real: id, effective: id, saved: id, fs: id });

/** The identity of who begins with these rights. */
export function identityOf({ uid, gid, groups }: Credentials): Identity {
  return { user: same(uid), group: same(gid), groups };
}

/** What file permissions are checked with. */
export function fileCredentials({ user, group, groups }: Identity): Credentials {
  return { uid: user.fs, gid: group.fs, groups };
}

/** Who looks at files with its real ids, as access(2) does for programs that run with somebody else's rights. */
export function lookingAsReal({ user, group, groups }: Identity): Identity {
  return { user: { ...user, fs: user.real }, group: { ...group, fs: group.real }, groups };
}

/** Whether it may take any id: Linux asks for CAP_SETUID or CAP_SETGID, which here goes with the effective user 0. */
export function isPrivileged({ user }: Identity): boolean {
  return user.effective === 0;
}

/** An execve keeps who one is, and what one may come back to is that (execve(2)). */
export function afterExec(identity: Identity): Identity {
  const settled = (ids: Ids): Ids => ({ ...ids, saved: ids.effective, fs: ids.effective });
  return { ...identity, user: settled(identity.user), group: settled(identity.group) };
}

/** setuid(2), setgid(2); undefined: EPERM. */
export function withId(ids: Ids, id: number, privileged: boolean): Ids | undefined {
  if (privileged) return same(id);
  return id === ids.real || id === ids.saved ? { ...ids, effective: id, fs: id } : undefined;
}

/** setreuid(2), setregid(2); undefined: EPERM. */
export function withRealAndEffective(ids: Ids, real: number, effective: number, privileged: boolean): Ids | undefined {
  if (!privileged) {
    if (![KEEP, ids.real, ids.effective].includes(real)) return undefined;
    if (![KEEP, ids.real, ids.effective, ids.saved].includes(effective)) return undefined;
  }
  const next = kept(effective, ids.effective);
  const savesToo = real !== KEEP || (effective !== KEEP && effective !== ids.real);
  return { real: kept(real, ids.real), effective: next, saved: savesToo ? next : ids.saved, fs: next };
}

/** setresuid(2), setresgid(2); undefined: EPERM. */
export function withAll(
  ids: Ids,
  wanted: { readonly real: number; readonly effective: number; readonly saved: number },
  privileged: boolean,
): Ids | undefined {
  const own = [KEEP, ids.real, ids.effective, ids.saved];
  if (!privileged && Object.values(wanted).some((id) => !own.includes(id))) return undefined;
  const effective = kept(wanted.effective, ids.effective);
  return { real: kept(wanted.real, ids.real), effective, saved: kept(wanted.saved, ids.saved), fs: effective };
}

/** setfsuid(2), setfsgid(2): what may not be is left as it is, without an error. */
export function withFileId(ids: Ids, id: number, privileged: boolean): Ids {
  return privileged || Object.values(ids).includes(id) ? { ...ids, fs: id } : ids;
}

function kept(wanted: number, old: number): number {
  return wanted === KEEP ? old : wanted;
}
