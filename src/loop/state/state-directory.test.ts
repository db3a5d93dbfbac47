import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { prepareStateDirectory } from "./state-directory.ts";

const base = mkdtempSync(join(tmpdir(), "ztl-state-"));
after(() => rmSync(base, { recursive: true }));
mkdirSync(join(base, "project"));
const place = (configured: string, mounts: string[]) =>
  prepareStateDirectory({ configured, projectDirectory: join(base, "project"), mounts });

test("it is made private; one that others can look into, or that a link leads to, is refused", () => {
  const state = place("../state", []);
  assert.equal(statSync(state).mode & 0o777, 0o700);
  for (const mode of [0o755, 0o770, 0o701]) {
    chmodSync(state, mode);
    assert.throws(() => place("../state", []), { code: "state-directory" });
    assert.equal(statSync(state).mode & 0o777, mode, "what others may have changed is not made to look safe");
  }
  chmodSync(state, 0o700);
  symlinkSync(state, join(base, "link-to-state"));
  assert.throws(() => place("../link-to-state", []), { code: "state-directory" });
  place("../state", []);
});

test("no mount may show it, nor lie in it, also not by way of a link", () => {
  symlinkSync(base, join(base, "link"));
  const exposed = [base, join(base, "state"), join(base, "state", "workspace"), join(base, "link"), "/"];
  for (const mount of exposed) assert.throws(() => place("../state", [mount]), { code: "state-exposed" }, mount);
  for (const mount of [join(base, "project"), join(base, "state-of-others"), "/nowhere"]) place("../state", [mount]);
});
