import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = { open: 240, unlink: 241, send: 242, receive: 243, notify: 244 } as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over has no message queue of POSIX.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      "mq_open, new": [Call.open, "ztl", 0o102, 0o666, 0],
      "mq_open, one of the host": [Call.open, "host", 2, 0, 0],
      mq_unlink: [Call.unlink, "host"],
      mq_timedsend: [Call.send, 3, [1], 1, 0, 0],
      mq_timedreceive: [Call.receive, 3, [1], 1, 0, 0],
      mq_notify: [Call.notify, 3, 0],
    }),
};
