import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Sandbox } from "../../src/index.ts";
import type { Attack } from "../attack.ts";

const SECRET = "ztl-attack-state-secret";

export const attack: Attack = {
  promise: 63,
  must: "A mount around ztl's cache or states shows nothing of them, by any name; one inside them, or of a key's second name, is refused.",
  needs: ["kvm"],
  timeoutMs: 180_000,
  async run(stage) {
    const home = stage.newDirectory();
    const cache = join(home, ".cache", "zero-trust-loop");
    const state = join(home, "vault");
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, "ledger.key"), SECRET);
    symlinkSync(cache, join(home, "link"));
    const options = { cacheDirectory: cache, hidden: [state] };
    // The first sandbox makes the cache and its key; the second one is asked to show them.
    await using first = await Sandbox.open({ ...options, prewarm: ["shell"] });
    assert.equal((await first.run({ tool: "shell", code: "true" })).status, "ok");
    const key = readFileSync(join(cache, "key"));
    linkSync(join(cache, "key"), join(home, "second-name"));
    chmodSync(home, 0o755);

    const inside = [cache, join(cache, "key"), join(cache, "templates"), join(home, "link"), join(home, "second-name")];
    for (const host of [...inside, state, join(state, "ledger.key"), "/proc", "/proc/self/environ", "/sys"])
      await assert.rejects(Sandbox.open({ ...options, mounts: [{ kind: "ro", host, guest: "/m" }] }), {
        code: "mount-hidden",
      });

    const code = `cd /m${"$1"} || exit; find . ; find . -type f -exec cat {} +; cat .cache/zero-trust-loop/key vault/ledger.key link/key
      cat second-name; ls -a .cache/zero-trust-loop vault; cd .cache/zero-trust-loop; cat vault/../.cache/zero-trust-loop/key`;
    for (const [kind, host, below] of [
      ["ro", home, ""],
      ["overlay", home, ""],
      ["ro", "/", home],
    ] as const) {
      const sandbox = await stage.sandbox({ ...options, mounts: [{ kind, host, guest: "/m" }] });
      const result = await sandbox.run({ tool: "shell", code: code.replace("$1", below) });
      const shown = Buffer.from(result.stdout);
      assert.match(result.stdoutText, /^\.\/link$/m, "the rest of the mount is there");
      assert.ok(!shown.includes(key) && !shown.includes(SECRET), result.stdoutText);
      assert.doesNotMatch(result.stdoutText, /zero-trust-loop|vault|second-name|compile-|manifest/);
      const others = await sandbox.run({
        tool: "shell",
        code: "cat /m/proc/*/environ /m/sys/kernel/notes; ls /m/proc/self",
      });
      assert.equal(others.stdout.length, 0, others.stdoutText);
    }
  },
};
