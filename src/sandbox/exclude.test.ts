import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { kvmMissing } from "../../test/kvm.ts";
import { Sandbox } from "./index.ts";
import { TEST_CACHE } from "./testing.ts";

const SECRET = "ztl-secret-of-the-host";
const host = mkdtempSync(join(tmpdir(), "ztl-exclude-"));
after(() => rmSync(host, { recursive: true, force: true }));
for (const path of [".env", "deep/down/.env", ".aws/credentials", ".aws/more/x", ".docker/config.json", "server.pem"]) {
  mkdirSync(dirname(join(host, path)), { recursive: true });
  writeFileSync(join(host, path), SECRET);
}
for (const path of ["plain", ".docker/other", ".ENV", "top/only"]) {
  mkdirSync(dirname(join(host, path)), { recursive: true });
  writeFileSync(join(host, path), "shown\n");
}
symlinkSync(".env", join(host, "link"));
symlinkSync("deep/../.aws/credentials", join(host, "deep-link"));
symlinkSync(".aws", join(host, "directory-link"));
linkSync(join(host, "plain"), join(host, "deep/second.pem"));

const EXCLUDE = [".env", ".aws/**", ".docker/config.json", "*.pem", "/only"];
const EXCLUDED = [
  ".env",
  "deep/down/.env",
  ".aws",
  ".aws/credentials",
  ".docker/config.json",
  "server.pem",
  "deep/second.pem",
];

describe("what a mount leaves out", { skip: kvmMissing() }, () => {
  for (const kind of ["ro", "overlay"] as const) {
    test(`is not there, by any way: ${kind}`, async () => {
      await using sandbox = await Sandbox.open({
        cells: 1,
        cacheDirectory: TEST_CACHE,
        mounts: [
          { kind, host, guest: "/m", exclude: EXCLUDE },
          { kind: "ro", host: join(host, ".env"), guest: "/asked-for", exclude: EXCLUDE },
        ],
      });
      const code = `find . | sort; for f in ${EXCLUDED.join(" ")} link deep-link directory-link/credentials ./deep/../.env /proc/self/cwd/.env; do
          cat $f && echo LEAK; test -e $f && echo THERE; done; ls -a .aws .docker; cat .ENV plain top/only /asked-for; grep -r ztl-secret .`;
      const { stdoutText, stderrText } = await sandbox.run({ tool: "shell", code });
      assert.equal(stdoutText.split(SECRET).length - 1, 1, "only the file that was mounted by its name");
      assert.doesNotMatch(stdoutText, /LEAK|THERE|credentials|config\.json|\.pem/);
      assert.match(stdoutText, /^\.\/\.ENV$/m);
      assert.match(stdoutText, /^\.\/top\/only$/m);
      assert.match(stderrText, /\.env: No such file or directory/);
      assert.ok(!stderrText.includes("Permission denied"), stderrText);
    });
  }

  test("cannot be made or moved there, nor does it count as deleted", async () => {
    await using sandbox = await Sandbox.open({
      cells: 1,
      cacheDirectory: TEST_CACHE,
      mounts: [{ kind: "overlay", host, guest: "/m", exclude: EXCLUDE }],
    });
    const code = `import os
def refused(name, work):
    try: work()
    except PermissionError: return
    except OSError as e: print(name, "is", e)
    else: print(name, "went through")
open("new", "w").write("x"); os.mkdir("dir"); open("dir/config.json", "w").write("x")
refused("open", lambda: open(".env", "w"))
refused("open below", lambda: open("dir/a.pem", "x"))
refused("mkdir", lambda: os.mkdir(".aws"))
refused("symlink", lambda: os.symlink("new", "deep/.env"))
refused("through a link", lambda: open("link", "w"))
refused("link", lambda: os.link("new", "server.pem"))
refused("rename", lambda: os.rename("new", ".docker/config.json"))
refused("replace", lambda: os.replace("dir", "top/.aws"))
refused("mknod", lambda: os.mkfifo(".env"))
refused("top", lambda: open("only", "w"))
os.rename("deep/down", "moved"); refused("moved", lambda: open("moved/.env", "w")); print(os.listdir("moved"))
open("dir/only", "w").write("x"); open(".docker/other", "a").write("x")`;
    const result = await sandbox.run({ tool: "python", code });
    assert.equal(result.stderrText, "");
    assert.equal(result.stdoutText, "[]\n");
    const changed = result.changes.map(({ kind, path }) => `${kind} ${path}`).sort();
    assert.ok(!changed.some((one) => /\.env|\.pem|\.aws|\.docker\/config/.test(one)), changed.join("\n"));
    assert.ok(changed.includes("modify /m/.docker/other"), changed.join("\n"));
  });
});
