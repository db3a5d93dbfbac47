import { fail } from "../errno.ts";
import { ALL_CAPABILITIES, CAPABILITY_LAST, type Capabilities, Capability } from "../process/capabilities.ts";
import { may } from "../process/identity.ts";
import type { Process } from "../process/process.ts";
import type { Call, SyscallTable } from "./call.ts";

/** Versions of the structures of capget(2), and how many words of each set they have (linux/capability.h). */
const VERSIONS: Readonly<Record<number, number>> = { 429392688: 1, 537333798: 2, 537396514: 2 };
const VERSION_NEWEST = 0x2008_0522;
/** The order of the sets in a structure. */
const SETS = ["effective", "permitted", "inheritable"] as const;
const WORD_BYTES = 4;
const STRUCTURE_BYTES = SETS.length * WORD_BYTES;

/** How many words the header's version has; an unknown one is answered with the newest: EINVAL, but for who only asks. */
function wordsOf(call: Call): number {
  const header = call.unsigned(0);
  const words = VERSIONS[call.memory.readU32(header)];
  if (words !== undefined) return words;
  call.memory.writeU32(header, VERSION_NEWEST);
  return call.unsigned(1) === 0 ? 0 : fail("EINVAL");
}

function target(call: Call): Process {
  const pid = call.memory.readI32(call.unsigned(0) + WORD_BYTES);
  if (pid < 0) fail("EINVAL");
  return pid === 0 ? call.process : (call.kernel.processes.get(pid) ?? fail("ESRCH"));
}

function capget(call: Call): number {
  const words = wordsOf(call);
  if (words === 0) return 0;
  const { capabilities } = target(call).identity;
  if (call.unsigned(1) === 0) return 0;
  const bytes = Buffer.alloc(words * STRUCTURE_BYTES);
  for (let word = 0; word < words; word++)
    SETS.forEach((set, i) => {
      const part = Number((capabilities[set] >> BigInt(32 * word)) & 0xffff_ffffn);
      bytes.writeUInt32LE(part, word * STRUCTURE_BYTES + i * WORD_BYTES);
    });
  call.memory.write(call.unsigned(1), bytes);
  return 0;
}

function capset(call: Call): number {
  const words = wordsOf(call);
  if (words === 0) return 0;
  if (target(call) !== call.process) fail("EPERM");
  const bytes = call.memory.read(call.unsigned(1), words * STRUCTURE_BYTES);
  const setAt = (i: number): bigint => {
    let mask = 0n;
    for (let word = 0; word < words; word++)
      mask |= BigInt(bytes.readUInt32LE(word * STRUCTURE_BYTES + i * WORD_BYTES)) << BigInt(32 * word);
    return mask & ALL_CAPABILITIES;
  };
  const [effective, permitted, inheritable] = [setAt(0), setAt(1), setAt(2)];
  const { process } = call;
  const old = process.identity.capabilities;
  const mayInherit = old.inheritable | (may(process.identity, Capability.setPcap) ? old.bounding : old.permitted);
  if (!isPartOf(inheritable, mayInherit) || !isPartOf(permitted, old.permitted) || !isPartOf(effective, permitted))
    fail("EPERM");
  const ambient = old.ambient & permitted & inheritable;
  return take(process, { effective, permitted, inheritable, ambient });
}

function isPartOf(set: bigint, whole: bigint): boolean {
  return (set & ~whole) === 0n;
}

function take(process: Process, change: Partial<Capabilities>): number {
  const { identity } = process;
  process.identity = { ...identity, capabilities: { ...identity.capabilities, ...change } };
  return 0;
}

/** The operations of prctl(2) on capabilities (linux/prctl.h). */
const Prctl = { getKeeps: 7, setKeeps: 8, readBounding: 23, dropBounding: 24, getSecure: 27, ambient: 47 } as const;
const Ambient = { isSet: 1, raise: 2, lower: 3, clear: 4 } as const;

/** prctl(2), as far as it is about capabilities; undefined for what is not. */
export function capabilityControl(call: Call): number | undefined {
  const { process } = call;
  const { capabilities } = process.identity;
  switch (call.int(0)) {
    case Prctl.getKeeps:
      return Number(capabilities.keeps);
    case Prctl.setKeeps:
      return call.unsigned(1) > 1 ? fail("EINVAL") : take(process, { keeps: call.int(1) === 1 });
    case Prctl.readBounding:
      return (capabilities.bounding & bitOf(call, 1)) === 0n ? 0 : 1;
    case Prctl.dropBounding:
      if (!may(process.identity, Capability.setPcap)) fail("EPERM");
      return take(process, { bounding: capabilities.bounding & ~bitOf(call, 1) });
    case Prctl.getSecure:
      return 0;
    case Prctl.ambient:
      return ambient(call);
    default:
      return undefined;
  }
}

function ambient(call: Call): number {
  const { process } = call;
  const old = process.identity.capabilities;
  if (call.int(1) === Ambient.clear) return call.unsigned(2) === 0 ? take(process, { ambient: 0n }) : fail("EINVAL");
  const bit = bitOf(call, 2);
  switch (call.int(1)) {
    case Ambient.isSet:
      return (old.ambient & bit) === 0n ? 0 : 1;
    case Ambient.raise:
      if ((old.permitted & old.inheritable & bit) === 0n) fail("EPERM");
      return take(process, { ambient: old.ambient | bit });
    case Ambient.lower:
      return take(process, { ambient: old.ambient & ~bit });
    default:
      return fail("EINVAL");
  }
}

function bitOf(call: Call, index: number): bigint {
  const capability = call.unsigned(index);
  return capability > CAPABILITY_LAST ? fail("EINVAL") : 1n << BigInt(capability);
}

export const capabilityCalls: SyscallTable = { capget, capset };
