import { syscallRing } from "../../src/vmm/syscall-ring.ts";
import { kvmMissing } from "../kvm.ts";

/** False where system calls land in the annex. */
export function annexMissing(): string | false {
  return (
    kvmMissing() ||
    (syscallRing() === 3 ? false : "SKIPPED: system calls land in ring 0 here, where there is no annex yet")
  );
}
