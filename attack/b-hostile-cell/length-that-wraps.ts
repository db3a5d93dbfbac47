import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A body of four gigabytes and a few bytes is not taken for one of the few bytes.",
  quick: true,
  run: async () => {
    const reply = honest({ stdoutBytes: 2 });
    for (const bodyBytes of [2n ** 32n + 2n, 2n ** 33n + 2n, 2n ** 64n - 1n, 2n ** 53n + 2n])
      await assertRefused([frame(reply, { bodyBytes: String(bodyBytes), bodyBase64: "b2s=" })], "frame-malformed");
  },
};
