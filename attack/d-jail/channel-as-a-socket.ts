import type { Attack } from "../attack.ts";
import { assertEachKilled, targetsOf } from "./captive.helper.ts";

/** asm/unistd_64.h */
const Call = {
  connect: 42,
  sendto: 44,
  recvfrom: 45,
  sendmsg: 46,
  recvmsg: 47,
  shutdown: 48,
  bind: 49,
  listen: 50,
  setsockopt: 54,
  sendmmsg: 307,
} as const;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over passes and receives no descriptor over its channel, and does nothing else with it that sockets can do.",
  needs: ["kvm"],
  run: (stage) => {
    const { socketPath, port } = targetsOf(stage);
    return assertEachKilled(stage, {
      "pass a descriptor": [Call.sendmsg, 3, Array<number>(56).fill(0), 0],
      "receive one": [Call.recvmsg, 3, Array<number>(56).fill(0), 0],
      "many messages": [Call.sendmmsg, 3, Array<number>(64).fill(0), 1, 0],
      "send elsewhere": [Call.sendto, 3, [0], 1, 0, [1, 0, 47, 120], 4],
      peek: [Call.recvfrom, 3, [0], 1, 2, 0, 0],
      "connect by name": [Call.connect, 3, [1, 0, ...Buffer.from(socketPath), 0], socketPath.length + 3],
      "connect by address": [Call.connect, 3, [2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 16],
      "bind to an abstract name": [Call.bind, 3, [1, 0, 0, 120], 4],
      listen: [Call.listen, 3, 1],
      "close one direction": [Call.shutdown, 3, 1],
      "be told who the other is": [Call.setsockopt, 3, 1, 16, [1, 0, 0, 0], 4],
    });
  },
};
