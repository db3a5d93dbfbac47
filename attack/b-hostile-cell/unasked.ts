import assert from "node:assert/strict";
import { HostilePool } from "../../src/sandbox/testing/hostile.ts";
import type { Attack } from "../attack.ts";
import { assertGone, frame, honest, works } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A frame from a cell that was asked nothing ends it: the next run is another's, in another cell.",
  quick: true,
  run: async () => {
    await using hostile = new HostilePool();
    const forged = frame(honest({ stdoutBytes: 5 }), {
      bodyBase64: Buffer.from("owned").toString("base64"),
      idAhead: 1,
    });
    const { pid } = await hostile.run([frame(), { do: "wait", ms: 50 }, forged, { do: "wait", ms: 1 }]);
    await assertGone(pid);
    assert.notEqual(await works(hostile), pid);
  },
};
