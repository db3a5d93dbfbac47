import type { Attack } from "../attack.ts";
import { assertEachRefused, frame } from "./cell.helper.ts";

/** What a cell says of connections in a run that has a way out. */
const CALLS = [
  { type: "egress", op: "open", id: 1, host: "example.com", port: 443 },
  { type: "egress", op: "open", id: 1, host: "127.0.0.1", port: 22 },
  { type: "egress", op: "data", id: 1 },
  { type: "egress", op: "close", id: 1 },
];

export const attack: Attack = {
  promise: 115,
  must: "In a run without a grant no word of connections is taken.",
  run: () =>
    assertEachRefused(
      CALLS.map((header) => frame(header)),
      "cell-misbehaved",
    ),
};
