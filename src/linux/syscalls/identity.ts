import { fail } from "../errno.ts";
import { Capability } from "../process/capabilities.ts";
import {
  type Ids,
  KEEP,
  may,
  withAll,
  withFileId,
  withId,
  withRealAndEffective,
  withUser,
} from "../process/identity.ts";
import type { Call, SyscallTable } from "./call.ts";
import { capabilityCalls } from "./capabilities.ts";

/** The two halves of an identity that the calls come in pairs for. */
type Half = "user" | "group";

const idsOf = (call: Call, half: Half): Ids => call.process.identity[half];

/** Whether it may take any id (CAP_SETUID, CAP_SETGID). */
function isFree(call: Call, half: Half): boolean {
  return may(call.process.identity, half === "user" ? Capability.setUid : Capability.setGid);
}

/** An id as an argument: -1 is {@link KEEP}, everything else 32 bits without a sign. */
function idArgument(call: Call, index: number): number {
  const id = call.int(index);
  return id === KEEP ? KEEP : id >>> 0;
}

function change(call: Call, half: Half, next: Ids | undefined): number {
  const { process } = call;
  const ids = next ?? fail("EPERM");
  process.identity = half === "user" ? withUser(process.identity, ids) : { ...process.identity, group: ids };
  return 0;
}

function setId(call: Call, half: Half): number {
  const id = idArgument(call, 0);
  if (id === KEEP) fail("EINVAL");
  return change(call, half, withId(idsOf(call, half), id, isFree(call, half)));
}

function setRealAndEffective(call: Call, half: Half): number {
  const [real, effective] = [idArgument(call, 0), idArgument(call, 1)];
  const privileged = isFree(call, half);
  return change(call, half, withRealAndEffective(idsOf(call, half), real, effective, privileged));
}

function setAll(call: Call, half: Half): number {
  const wanted = { real: idArgument(call, 0), effective: idArgument(call, 1), saved: idArgument(call, 2) };
  return change(call, half, withAll(idsOf(call, half), wanted, isFree(call, half)));
}

function setFileId(call: Call, half: Half): number {
  const old = idsOf(call, half);
  const id = idArgument(call, 0);
  if (id !== KEEP) change(call, half, withFileId(old, id, isFree(call, half)));
  return old.fs;
}

function getAll(call: Call, half: Half): number {
  const { real, effective, saved } = idsOf(call, half);
  [real, effective, saved].forEach((id, i) => call.memory.writeU32(call.unsigned(i), id));
  return 0;
}

/** Most supplementary groups (NGROUPS_MAX, linux/limits.h). */
const GROUPS_MAX = 65_536;

function getGroups(call: Call): number {
  const { groups } = call.process.identity;
  const size = call.int(0);
  if (size < 0) fail("EINVAL");
  if (size === 0) return groups.length;
  if (size < groups.length) fail("EINVAL");
  groups.forEach((group, i) => call.memory.writeU32(call.unsigned(1) + 4 * i, group));
  return groups.length;
}

function setGroups(call: Call): number {
  const { process } = call;
  if (!may(process.identity, Capability.setGid)) fail("EPERM");
  const count = call.uint(0);
  if (count > GROUPS_MAX) fail("EINVAL");
  const groups = Array.from({ length: count }, (_, i) => call.memory.readU32(call.unsigned(1) + 4 * i));
  process.identity = { ...process.identity, groups };
  return 0;
}

export const identityCalls: SyscallTable = {
  getuid: (call) => idsOf(call, "user").real,
  geteuid: (call) => idsOf(call, "user").effective,
  getgid: (call) => idsOf(call, "group").real,
  getegid: (call) => idsOf(call, "group").effective,
  getresuid: (call) => getAll(call, "user"),
  getresgid: (call) => getAll(call, "group"),
  setuid: (call) => setId(call, "user"),
  setgid: (call) => setId(call, "group"),
  setreuid: (call) => setRealAndEffective(call, "user"),
  setregid: (call) => setRealAndEffective(call, "group"),
  setresuid: (call) => setAll(call, "user"),
  setresgid: (call) => setAll(call, "group"),
  setfsuid: (call) => setFileId(call, "user"),
  setfsgid: (call) => setFileId(call, "group"),
  getgroups: getGroups,
  setgroups: setGroups,
  ...capabilityCalls,
};
