import { accessSync, constants } from "node:fs";

/** False when tests that need a virtual machine can run here; else the reason, which the test runner shows. */
export function kvmMissing(): string | false {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return false;
  } catch (error) {
    return `SKIPPED, NOTHING IS VERIFIED: no usable /dev/kvm (${error instanceof Error ? error.message : String(error)})`;
  }
}
