import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest, type Step } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A cell that sends without end is ended at the first byte too many, before a reply and behind one.",
  run: async () => {
    const flood: Step = { do: "bytes", base64: Buffer.alloc(1 << 20, 0xff).toString("base64"), times: 1 << 20 };
    await assertRefused([flood], "frame-malformed");
    await assertRefused([frame(honest(), { bodyBytes: "5000000" }), flood], "frame-malformed");
  },
};
