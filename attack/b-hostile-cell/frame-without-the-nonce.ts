import type { Attack } from "../attack.ts";
import { assertRefused, frame, honest } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A frame that does not carry the cell's nonce, such as one made of a guest's file, is refused.",
  run: async () => {
    await assertRefused([frame(honest(), { nonceHex: "00".repeat(16) })], "frame-malformed");
    await assertRefused([frame(honest(), { nonceHex: "5a54".repeat(8) })], "frame-malformed");
  },
};
