import type { Credentials } from "../vfs/index.ts";
import { afterIds, type Capabilities, capabilitiesAfterExec, capabilitiesOf, holds } from "./capabilities.ts";

/** Who a process is, as a user or as a group (credentials(7)). */
export interface Ids {
  readonly real: number;
  readonly effective: number;
  /** Saved set-user-ID or set-group-ID: what an unprivileged process may come back to. */
  readonly saved: number;
  /** What files are looked at with; follows the effective one, but for setfsuid(2) and setfsgid(2). */
  readonly fs: number;
}

/** A process's users, groups and supplementary groups, and what it may do beyond them. */
export interface Identity {
  readonly user: Ids;
  readonly group: Ids;
  readonly groups: readonly number[];
  readonly capabilities: Capabilities;
}

/** "Leave as it is" in the set*id calls. */
export const KEEP = -1;

const same = (id: number): Ids => ({ real: id, effective: id, saved: id, fs: id });

/** The identity of who begins with these rights. */
export function identityOf({ uid, gid, groups }: Credentials): Identity {
  return { user: same(uid), group: same(gid), groups, capabilities: capabilitiesOf(uid) };
}

/** What file permissions are checked with. */
export function fileCredentials({ user, group, groups }: Identity): Credentials {
  return { uid: user.fs, gid: group.fs, groups };
}

/** Who looks at files with its real ids, as access(2) does for programs that run with somebody else's rights. */
export function lookingAsReal(identity: Identity): Identity {
  const { user, group } = identity;
  return { ...identity, user: { ...user, fs: user.real }, group: { ...group, fs: group.real } };
}

/** Whether it has that of {@link Capability}. File permissions alone go by the user: 0 has them all. */
export function may({ capabilities }: Identity, capability: number): boolean {
  return holds(capabilities, capability);
}

/** Another user; what it may do goes or comes with that. */
export function withUser(identity: Identity, user: Ids): Identity {
  return { ...identity, user, capabilities: afterIds(identity.capabilities, identity.user, user) };
}

/** An execve keeps who one is, and what one may come back to is that (execve(2)). */
export function afterExec(identity: Identity): Identity {
  const settled = (ids: Ids): Ids => ({ ...ids, saved: ids.effective, fs: ids.effective });
  const capabilities = capabilitiesAfterExec(identity.capabilities, identity.user);
  return { ...identity, user: settled(identity.user), group: settled(identity.group), capabilities };
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
