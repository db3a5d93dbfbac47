import { PATIENCE } from "../../test/patience.ts";
import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

/** Each page costs an exit; an emulated processor takes milliseconds for it, so fewer pages must do. */
const LEFT_MIB = PATIENCE === 1 ? 40 : 4;
const LOOKED_AT_MIB = 2.5 * LEFT_MIB;

export const attack: Attack = {
  promise: 20,
  must: "No page of a run's memory is seen by the next.",
  needs: ["kvm", "python"],
  hardware: true,
  // Half a gigabyte is gone through, a few pages at a time.
  timeoutMs: 180_000,
  run: (stage) =>
    leaveTraces(stage, {
      leave: `m = [mmap.mmap(-1, 1 << 20) for i in range(${LEFT_MIB})]
for one in m: one.write(b'SECRET-OF-A-RUN!' * (1 << 16))`,
      look: `m = [mmap.mmap(-1, 1 << 20) for i in range(${LOOKED_AT_MIB})]
print(sum(one[:].count(b'SECRET-OF') for one in m))`,
    }),
};
