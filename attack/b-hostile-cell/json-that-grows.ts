import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { frame, refusedAnyhow } from "./cell.helper.ts";

export const attack: Attack = {
  promise: 16,
  must: "A JSON part of millions of small parts does not become gigabytes in the host process.",
  run: async () => {
    const parts = ["{}", "[]", "0", '""', '"a":0'].map((part) => Array.from({ length: 9_000_000 }, () => part).join());
    for (const list of parts) {
      const headerText = list.startsWith('"a"') ? `{${list}}` : `{"reads":[${list}]}`;
      const { code } = await refusedAnyhow([frame({}, { headerText })]);
      assert.ok(code === "frame-malformed" || code === "cell-misbehaved", code);
    }
  },
};
