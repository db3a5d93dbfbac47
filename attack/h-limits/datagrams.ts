import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Messages on their way count with what they cost, however short they are.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `k = []
while True:
  k += socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); k[-1].setblocking(False)
  try:
    while True: k[-1].send(b'x')
  except BlockingIOError: pass`,
      ends: "memory",
    }),
};
