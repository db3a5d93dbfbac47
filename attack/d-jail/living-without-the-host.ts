import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { setsid: 112, setpgid: 109, prctl: 157 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over cannot leave its group or undo that it dies with the host.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      setsid: [Call.setsid],
      setpgid: [Call.setpgid, 0, 0],
      PR_SET_PDEATHSIG: [Call.prctl, 1, 0, 0, 0, 0],
      PR_SET_DUMPABLE: [Call.prctl, 4, 1, 0, 0, 0],
      PR_SET_PTRACER: [Call.prctl, 0x59616d61, -1, 0, 0, 0],
      PR_SET_CHILD_SUBREAPER: [Call.prctl, 36, 1, 0, 0, 0],
      PR_SET_NAME: [Call.prctl, 15, "another", 0, 0, 0],
      PR_SET_MM: [Call.prctl, 35, 13, 3, 0, 0],
    }),
};
