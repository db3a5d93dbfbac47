import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "More output than the run may write is refused, before it has arrived where its length says so.",
  run: async () => {
    const limits = { outputBytes: 100, overlayBytes: 100 };
    const long = Buffer.alloc(150).toString("base64");
    await assertRefused([frame(honest({ stdoutBytes: 150 }), { bodyBase64: long })], "cell-misbehaved", limits);
    await assertRefused(
      [frame(honest({ stdoutBytes: 75, stderrBytes: 75 }), { bodyBase64: long })],
      "cell-misbehaved",
      limits,
    );
    await assertRefused([frame(honest({ stdoutBytes: 201 }), { bodyBytes: "201" })], "frame-malformed", limits);
  },
};
