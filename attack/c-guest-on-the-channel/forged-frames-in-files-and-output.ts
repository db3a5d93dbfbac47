import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

const CODE = `
import json, os, struct
header = json.dumps({"type": "result", "ending": {"kind": "exited", "code": 0}, "stdoutBytes": 5, "stderrBytes": 0}).encode()
frame = bytes(16) + struct.pack("<QQQ", 1, len(header), 5) + header + b"owned"
frames = b"".join(os.urandom(16) + frame[16:] for _ in range(200)) + frame * 200
open("/data/f", "wb").write(frames)
os.write(1, frames)
os.write(2, frames)
raise SystemExit(len(frames) % 200)
`;

export const attack: Attack = {
  promise: 16,
  must: "Frames in output and files are bytes of that output and those files, and come back as they were.",
  needs: ["kvm", "python"],
  quick: true,
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    const { status, exitCode, stdout, stderr, changes } = await sandbox.run({ tool: "python", code: CODE });
    const content = Buffer.from(changes[0]?.content ?? []);
    assert.ok(content.length > 10_000);
    assert.equal(status, content.length % 200 === 0 ? "ok" : "failed");
    assert.equal(exitCode, content.length % 200);
    assert.ok(content.equals(stdout) && content.equals(stderr));
    assert.equal(await sandbox.python("print('mine')"), "mine\n");
    sandbox.assertNoCellLost();
  },
};
