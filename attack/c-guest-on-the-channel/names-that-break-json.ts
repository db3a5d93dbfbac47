import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withOverlay } from "./overlay.helper.ts";

const CODE = `
import os, sys
names = [bytes([b]) for b in range(1, 256) if b not in (0x2e, 0x2f)]
names += [b'","kind":"delete","path":"etc', b"\\\\u0000", b"\\xed\\xa0\\x80", b"\\xff" * 255, b"__proto__", b"...", b"..\\xff", b"\\xe2\\x80\\xae.txt"]
for name in names:
  open(b"/data/" + name, "wb").write(name)
  os.symlink(name * 10, b"/data/" + name[:200] + b"-link")
sys.stdout.buffer.write(b"/".join(sorted(names)))
`;

export const attack: Attack = {
  promise: 12,
  must: "Names of any bytes, JSON's own and invalid UTF-8 among them, arrive as they are, and each with its own content.",
  needs: ["kvm", "python"],
  run: async (stage) => {
    const sandbox = await withOverlay(stage);
    const { stdout, changes, stderrText } = await sandbox.run({ tool: "python", code: CODE });
    assert.equal(stderrText, "");
    const bytesOf = (text: string, bytes: Uint8Array | undefined): string =>
      Buffer.from(bytes ?? Buffer.from(text)).toString("latin1");
    const files = changes.filter(({ fileType }) => fileType === "file");
    const names = files.map(({ path, pathBytes }) => bytesOf(path, pathBytes).slice("/data/".length));
    assert.ok(names.length > 250);
    assert.deepEqual(names.toSorted(), Buffer.from(stdout).toString("latin1").split("/").toSorted());
    for (const [index, { content }] of files.entries())
      assert.equal(Buffer.from(content ?? []).toString("latin1"), names[index]);
    for (const { path, pathBytes, symlinkTarget = "", symlinkTargetBytes } of changes) {
      const name = bytesOf(path, pathBytes).slice("/data/".length);
      if (symlinkTarget === "") continue;
      assert.ok(bytesOf(symlinkTarget, symlinkTargetBytes).startsWith(name.slice(0, -"-link".length)));
    }
    sandbox.assertNoCellLost();
  },
};
