import type { Trap } from "./cpu.ts";

/** Traps without data are made once: they are most of what a run produces. */
export const SYSCALL: Trap = { kind: "syscall" };
export const INTERRUPTED: Trap = { kind: "interrupted" };

export function exception(vector: number, errorCode: number, address: number): Trap {
  return { kind: "exception", vector, errorCode, address };
}

export function fatal(reason: string): Trap {
  return { kind: "fatal", reason };
}
