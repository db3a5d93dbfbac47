import { exitGroup, hex } from "../../test/attack/elf.ts";

/** Pieces of machine code that the attacks of this class are put together from. */

function immediate64(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.toString("hex");
}

const move =
  (opcode: string) =>
  (value: bigint | number): string =>
    `${opcode} ${immediate64(BigInt(value))}`;

export const movRax = move("48b8");
export const movRbx = move("48bb");
export const movRcx = move("48b9");
export const movRdx = move("48ba");
export const movRsi = move("48be");
export const movRdi = move("48bf");
export const movRsp = move("48bc");
export const movR11 = move("49bb");

/** A program of these instructions (hexadecimal), which exits with status 0 when it comes to their end. */
export function program(...code: readonly string[]): Buffer {
  return Buffer.concat([hex(code.join(" ")), exitGroup(0)]);
}

/** exit_group(al): what a program says of itself in a byte. */
export const EXIT_WITH_AL = "0fb6f8 b8e7000000 0f05";
/** exit_group(3 & CS): the ring the program is in. */
export const EXIT_WITH_RING = `8cc8 83e003 ${EXIT_WITH_AL}`;
/** getpid(): any system call that does nothing. */
export const SYSTEM_CALL = "b827000000 0f05";

/** Names and programs, from names and instructions. */
export function programs(instructions: Readonly<Record<string, string>>): [string, Buffer][] {
  return Object.entries(instructions).map(([name, code]) => [name, program(code)]);
}

/** A little-endian byte pair, for selectors. */
export function word(value: number): string {
  return Buffer.from([value & 255, value >> 8]).toString("hex");
}
