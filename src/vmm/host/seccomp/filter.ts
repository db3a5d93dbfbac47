import { invariant } from "../../../errors.ts";
import type { Action, CallRule, Case, Condition } from "./rules.ts";

/** linux/seccomp.h */
const RETURN_ALLOW = 0x7fff_0000;
const RETURN_ERRNO = 0x0005_0000;
const RETURN_KILL_PROCESS = 0x8000_0000;
/** linux/audit.h: AUDIT_ARCH_X86_64. Calls by `int 0x80` have another. */
const ARCH_X86_64 = 0xc000_003e;

/** Offsets in struct seccomp_data (linux/seccomp.h). */
const NUMBER = 0;
const ARCH = 4;
const lowHalf = (argument: number): number => 16 + 8 * argument;
const highHalf = (argument: number): number => lowHalf(argument) + 4;

/** A classic BPF instruction (linux/filter.h, linux/bpf_common.h): code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const and = (mask: number): Instruction => [0x54, 0, 0, mask];
const ifEqual = (value: number, jumpTrue: number, jumpFalse: number): Instruction => [0x15, jumpTrue, jumpFalse, value];
const answer = (value: number): Instruction => [0x06, 0, 0, value];

/** The farthest a conditional jump reaches: its distance is one byte. */
const JUMP_MAX = 255;

function answerFor(action: Action): Instruction {
  if (action === "allow") return answer(RETURN_ALLOW);
  return answer(action === "kill" ? RETURN_KILL_PROCESS : RETURN_ERRNO | action.errno);
}

/** Goes on behind itself when the condition holds, else `skip` instructions farther. */
function test({ argument, mask, in: values, wide }: Condition, skip: number): Instruction[] {
  const checks = values.map((value, index) => {
    const left = values.length - 1 - index;
    return ifEqual(value, left, left === 0 ? skip : 0);
  });
  const low = [load(lowHalf(argument)), ...(mask === undefined ? [] : [and(mask)]), ...checks];
  return wide === true ? [load(highHalf(argument)), ifEqual(0, 0, skip + low.length), ...low] : low;
}

function caseCode({ when, action }: Case): Instruction[] {
  let code = [answerFor(action)];
  for (const condition of when.toReversed()) code = [...test(condition, code.length), ...code];
  return code;
}

/** Never falls out of its end: the register that held the number holds an argument by then. */
function callCode(rule: CallRule): Instruction[] {
  const body = [...rule.cases.flatMap(caseCode), answerFor(rule.otherwise)];
  invariant(body.length <= JUMP_MAX, `the rule for ${rule.name} is short enough to be jumped over`);
  return [ifEqual(rule.number, 0, body.length), ...body];
}

/**
 * The filter that decides by `rules`, tried in their order, and calls not named by `unknown`: `struct sock_filter`s
 * (seccomp(2)). Calls of another architecture, and those of the x32 ABI, which have a bit set in their number, are not
 * named by any rule either.
 */
export function filterProgram(rules: readonly CallRule[], unknown: Action): Uint8Array<ArrayBuffer> {
  const instructions = [
    load(ARCH),
    ifEqual(ARCH_X86_64, 1, 0),
    answer(RETURN_KILL_PROCESS),
    load(NUMBER),
    ...rules.flatMap(callCode),
    answerFor(unknown),
  ];
  const view = new DataView(new ArrayBuffer(8 * instructions.length));
  instructions.forEach(([operation, jumpTrue, jumpFalse, operand], index) => {
    view.setUint16(8 * index, operation, true);
    view.setUint8(8 * index + 2, jumpTrue);
    view.setUint8(8 * index + 3, jumpFalse);
    view.setUint32(8 * index + 4, operand, true);
  });
  return new Uint8Array(view.buffer);
}
