/** What is between the guest's present state and user mode. */
export const Mode = {
  /** Ring 3: go on as it is. */
  user: 0,
  /** In ring 0 at the stub's `sysretq`. */
  syscallStub: 1,
  /** In ring 0 at a stub that does not return by itself. */
  ring0: 2,
} as const;

/** A user-mode state in the form in which taking it up again is fastest. */
export interface CpuState {
  readonly registers: BigUint64Array;
  readonly fpu: Uint8Array;
  /** From SystemRegisters.capture. */
  readonly system: Uint8Array;
}
