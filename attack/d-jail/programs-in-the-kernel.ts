import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { bpf: 321, perf: 298, seccomp: 317 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over loads no program into the kernel, and measures nothing with its counters.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      "bpf, a map": [Call.bpf, 0, Array<number>(128).fill(0), 128],
      "bpf, a program": [Call.bpf, 5, Array<number>(128).fill(0), 128],
      "perf_event_open, itself": [Call.perf, Array<number>(128).fill(0), 0, -1, -1, 0],
      "perf_event_open, the host": [Call.perf, Array<number>(128).fill(0), -1, 0, -1, 8],
      "a filter with a listener": [Call.seccomp, 1, 8, Array<number>(16).fill(0)],
      "strict mode": [Call.seccomp, 0, 0, 0],
    }),
};
