/** Tests that fail because of the emulator alone: the names are told, but they do not fail the run. */
export const EMULATOR_FAULTS: ReadonlyMap<string, string> = new Map([
  [
    "test/conformance/conformance.test.ts: faults",
    "QEMU 7.2 reads the stack of `iretq` in ring 3 with the kernel's rights, which ends the native run it is compared with",
  ],
]);
