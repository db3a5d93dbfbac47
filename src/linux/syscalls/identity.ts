import { fail } from "../errno.ts";
import type { Call, SyscallTable } from "./call.ts";

/** "Leave as it is" in the set*id calls. */
const KEEP = -1;

/** User 0 may become anyone, for the rest of its life; everyone else only who they are (setuid(2)). */
function setUser(call: Call, ...ids: readonly number[]): number {
  const { credentials } = call.process;
  const wanted = ids.filter((id) => id !== KEEP);
  if (credentials.uid !== 0 && wanted.some((id) => id !== credentials.uid)) fail("EPERM");
  const uid = wanted.at(-1);
  if (uid !== undefined) call.process.credentials = { ...credentials, uid: uid >>> 0 };
  return 0;
}

function setGroup(call: Call, ...ids: readonly number[]): number {
  const { credentials } = call.process;
  const wanted = ids.filter((id) => id !== KEEP);
  if (credentials.uid !== 0 && wanted.some((id) => id !== credentials.gid)) fail("EPERM");
  const gid = wanted.at(-1);
  if (gid !== undefined) call.process.credentials = { ...credentials, gid: gid >>> 0 };
  return 0;
}

function writeIds(call: Call, id: number): number {
  for (let i = 0; i < 3; i++) call.memory.writeU32(call.unsigned(i), id);
  return 0;
}

const uid = (call: Call): number => call.process.credentials.uid;
const gid = (call: Call): number => call.process.credentials.gid;

/** Most supplementary groups (NGROUPS_MAX, linux/limits.h). */
const GROUPS_MAX = 65_536;

export const identityCalls: SyscallTable = {
  getuid: uid,
  geteuid: uid,
  getgid: gid,
  getegid: gid,
  getresuid: (call) => writeIds(call, uid(call)),
  getresgid: (call) => writeIds(call, gid(call)),
  setuid: (call) => setUser(call, call.int(0)),
  setgid: (call) => setGroup(call, call.int(0)),
  setreuid: (call) => setUser(call, call.int(0), call.int(1)),
  setregid: (call) => setGroup(call, call.int(0), call.int(1)),
  setresuid: (call) => setUser(call, call.int(0), call.int(1)),
  setresgid: (call) => setGroup(call, call.int(0), call.int(1)),
  setfsuid: uid,
  setfsgid: gid,
  getgroups(call) {
    const { groups } = call.process.credentials;
    const size = call.int(0);
    if (size === 0) return groups.length;
    if (size < groups.length) fail("EINVAL");
    groups.forEach((group, i) => call.memory.writeU32(call.unsigned(1) + 4 * i, group));
    return groups.length;
  },
  setgroups(call) {
    if (uid(call) !== 0) fail("EPERM");
    const count = call.uint(0);
    if (count > GROUPS_MAX) fail("EINVAL");
    const groups = Array.from({ length: count }, (_, i) => call.memory.readU32(call.unsigned(1) + 4 * i));
    call.process.credentials = { ...call.process.credentials, groups };
    return 0;
  },
  // No capabilities: whatever would need one is refused anyway.
  capget(call) {
    if (call.unsigned(1) !== 0) call.memory.write(call.unsigned(1), Buffer.alloc(24));
    return 0;
  },
  capset: () => fail("EPERM"),
};
