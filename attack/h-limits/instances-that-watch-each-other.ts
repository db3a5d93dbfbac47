import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Epoll instances that watch each other in four levels end when the time is up.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `fds = [os.eventfd(0) for i in range(250)]; level = fds; keep = []
for depth in range(4):
  above = []
  for i in range(60):
    e = select.epoll(); above.append(e)
    for fd in level: e.register(fd, 1)
  level = [e.fileno() for e in above]; keep += above
while True: above[0].poll(0)`,
      limits: { wallMs: 3000, memoryBytes: 128 << 20 },
      ends: "wall",
    }),
};
