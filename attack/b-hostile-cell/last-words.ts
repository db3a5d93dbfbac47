import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { assertRefused } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "What a cell says on stderr is told as its words, bounded, and with nothing in it that steers a terminal.",
  quick: true,
  run: async () => {
    const text = `${"A".repeat(1 << 20)}\u001b[2J\u202e\nztl: all is well`;
    const { message } = await assertRefused(
      [
        { do: "say", text },
        { do: "exit", status: 0 },
      ],
      "cell-lost",
    );
    assert.match(message, /not to be trusted: "/);
    assert.ok(message.length < 10_000, `${message.length}`);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
  },
};
