import type { Attack } from "../attack.ts";
import { assertEachKilled } from "./captive.helper.ts";

/** socket(2), socketpair(2): asm/unistd_64.h */
const SOCKET = 41;
const SOCKETPAIR = 53;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over makes no socket of any family, not even a pair of its own.",
  needs: ["kvm"],
  run: (stage) =>
    assertEachKilled(stage, {
      TCP: [SOCKET, 2, 1, 0],
      "UDP over IPv6": [SOCKET, 10, 2, 0],
      Unix: [SOCKET, 1, 1, 0],
      netlink: [SOCKET, 16, 3, 0],
      packet: [SOCKET, 17, 3, 0],
      "the kernel's cryptography": [SOCKET, 38, 5, 0],
      "other machines of this host (vsock)": [SOCKET, 40, 1, 0],
      "eXpress data path": [SOCKET, 44, 3, 0],
      "a pair": [SOCKETPAIR, 1, 1, 0, [0, 0, 0, 0, 0, 0, 0, 0]],
    }),
};
