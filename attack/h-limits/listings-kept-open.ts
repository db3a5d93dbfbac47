import type { Attack } from "../attack.ts";
import { pileUp } from "./pile.helper.ts";

export const attack: Attack = {
  promise: 9,
  must: "Listings of directories that are kept open count.",
  needs: ["kvm", "python"],
  run: (stage) =>
    pileUp(stage, {
      code: `for i in range(5000): os.mknod(f'/tmp/{i}')
k = []
while True: d = os.scandir('/tmp'); next(d); k.append(d)`,
      ends: "memory",
    }),
};
