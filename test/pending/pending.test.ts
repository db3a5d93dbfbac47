import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { toByteString } from "../../src/base/byte-string.ts";
import { applyChanges } from "../../src/linux/vfs/apply-changes.ts";
import { type ChangedFile, type RunResult, Sandbox } from "../../src/sandbox/index.ts";
import { kvmMissing } from "../kvm.ts";

/** Scripts run one after the other: in the micro-VM each on the pending changes of the one before, natively in a copy. */
const CHAINS: Readonly<Record<string, readonly string[]>> = {
  "new, changed and deleted files": [
    "echo new > new; echo more >> a.txt; rm b.txt",
    "cat new a.txt; ls; echo again >> new",
  ],
  "a deleted file comes back": ["rm a.txt", "ls; echo other > a.txt"],
  renames: ["mv a.txt moved; mv dir folder", "cat moved folder/sub/deep; mv moved back; rmdir empty"],
  "another kind of thing": [
    "rm a.txt; mkdir a.txt; echo x > a.txt/in; rm -r dir; echo file > dir",
    "cat a.txt/in dir; rm dir; mkdir dir",
  ],
  "links of both kinds": [
    "ln a.txt hard; ln -s /etc/hostname out; ln -s a.txt near; echo via >> hard",
    "cat a.txt near; readlink out; rm hard",
  ],
  modes: [
    "chmod 600 a.txt; chmod 700 dir; echo '#!/bin/sh\necho ran' > run.sh; chmod 755 run.sh",
    "./run.sh; stat -c '%a %n' *; chmod 644 run.sh",
  ],
  "names that are hard to write": [
    "echo 1 > 'new\nline'; echo 2 > \"$(printf 'caf\\351')\"; mkdir -p 'd\nir/e'",
    "ls -b; cat new*line caf*; echo 3 >> \"$(printf 'caf\\351')\"",
  ],
  "three in a row": ["echo 1 > n", "echo 2 >> n; mkdir d2", "cat n; mv n d2/; ls d2"],
  "a program that was written before": [
    "printf 'print(6 * 7)' > mod.py",
    "python3 -c 'import sys; sys.path.insert(0, \".\"); import mod'",
  ],
  "deep trees": ["mkdir -p x/y/z; for i in 1 2 3; do echo $i > x/y/z/$i; done", "rm -r x/y; find x"],
};

const TREE =
  "set -e; umask 022; chmod 755 .; echo one > a.txt; echo two > b.txt; mkdir -p dir/sub empty; echo deep > dir/sub/deep; echo k > dir/keep";
const LIST = `find . -printf '%y %m %l %p\\0' | sort -z | tr '\\0' '\\n'; find . -type f -print0 | sort -z | xargs -0 sha256sum`;

function shell(script: string, cwd: string): string {
  const env = { PATH: process.env.PATH, LC_ALL: "C", HOME: cwd };
  const { stdout, status, stderr } = spawnSync("bash", ["-c", script], { cwd, env, encoding: "latin1" });
  assert.equal(status, 0, stderr);
  return stdout;
}

suite("pending changes under a run", { skip: kvmMissing() }, () => {
  const place = mkdtempSync(join(tmpdir(), "ztl-pending-"));
  const project = mkdtempSync(join(place, "project-"));
  let sandbox: Sandbox;

  before(async () => {
    shell(TREE, project);
    sandbox = await Sandbox.open({ mounts: [{ kind: "overlay", host: project, guest: "/project" }], cells: 1 });
  });
  after(async () => {
    await sandbox.close();
    rmSync(place, { recursive: true, force: true });
  });

  const run = (code: string, pending: readonly ChangedFile[] = []): Promise<RunResult> =>
    sandbox.run({ tool: "shell", code: `umask 022; ${code}`, env: { LC_ALL: "C" } }, { pending });

  /** The list as the personality has it: names as byte strings. */
  function asBytes(changes: readonly ChangedFile[]): Parameters<typeof applyChanges>[0] {
    return changes.map(
      ({
        content,
        path,
        pathBytes,
        linkOf,
        linkOfBytes,
        symlinkTarget,
        symlinkTargetBytes,
        renamedFrom: _,
        ...rest
      }) => ({
        ...rest,
        path: toByteString(path, pathBytes),
        ...(linkOf === undefined ? {} : { linkOf: toByteString(linkOf, linkOfBytes) }),
        ...(symlinkTarget === undefined ? {} : { symlinkTarget: toByteString(symlinkTarget, symlinkTargetBytes) }),
        ...(content === undefined ? {} : { content: () => content }),
      }),
    );
  }

  for (const [name, scripts] of Object.entries(CHAINS)) {
    test(name, async () => {
      const native = mkdtempSync(join(place, "native-"));
      shell(TREE, native);
      let result: RunResult | undefined;
      let printed = "";
      for (const script of scripts) {
        result = await run(script, result?.changes ?? []);
        assert.equal(result.status, "ok", result.stderrText);
        printed = shell(`umask 022; ${script}`, native);
      }
      assert.ok(result);
      assert.equal(Buffer.from(result.stdout).toString("latin1"), printed);
      const copy = mkdtempSync(join(place, "copy-"));
      shell(TREE, copy);
      applyChanges(asBytes(result.changes), "/project", copy);
      // What Python compiles on the way is named and dated by whoever runs it.
      const listing = (directory: string): string => shell(`rm -rf __pycache__; ${LIST}`, directory);
      assert.equal(listing(copy), listing(native));
    });
  }

  test("pending files are no reads of the host, and without any there is nothing of them", async () => {
    const first = await run("echo x > fresh; echo y >> a.txt");
    const second = await run("cat fresh a.txt", first.changes);
    assert.equal(second.stdoutText, "x\none\ny\n");
    assert.ok(!second.reads.some(({ path }) => path.startsWith("/project/fresh")));
    assert.deepEqual(
      second.changes.map(({ path, kind }) => `${kind} ${path}`),
      first.changes.map(({ path, kind }) => `${kind} ${path}`),
    );
    assert.equal((await run("ls fresh")).status, "failed");
  });

  test("a host that changed meanwhile refuses the run", async () => {
    const edited = await run("echo y >> a.txt; rm b.txt; echo z > fresh");
    for (const [change, back] of [
      ["echo host >> a.txt", "echo one > a.txt"],
      ["rm b.txt", "echo two > b.txt"],
      ["echo host > fresh", "rm fresh"],
    ] as const) {
      shell(change, project);
      const refused = await run("true", edited.changes);
      assert.ok(refused.status === "error" && refused.error.code === "pending-stale", JSON.stringify(refused));
      shell(back, project);
    }
    assert.equal((await run("cat a.txt", edited.changes)).stdoutText, "one\ny\n");
  });

  test("lists that no run makes are refused, and nothing outside is touched", async () => {
    const file = { kind: "add", fileType: "file", mode: 0o644, content: Buffer.from("x") } as const;
    const link = { kind: "add", fileType: "symlink", symlinkTarget: "/etc", path: "/project/etc" } as const;
    const lists: readonly (readonly object[])[] = [
      [{ ...file, path: "/project/../etc/x" }],
      [{ ...file, path: "/project/./x" }],
      [{ ...file, path: "/project//x" }],
      [{ ...file, path: "relative" }],
      [{ ...file, path: "" }],
      [{ ...file, path: "/project/a\0b" }],
      [{ ...file, path: "/etc/x" }],
      [{ ...file, path: "/tmp/x" }],
      [{ ...file, path: "/project" }],
      [link, { ...file, path: "/project/etc/x" }],
      [{ ...file, path: "/project/a.txt/x" }],
      [{ ...file, path: "/project/dev", fileType: "character-device" }],
      [{ ...file, path: "/project/x", linkOf: "/etc/passwd", content: undefined }],
    ];
    for (const list of lists) {
      const refused = await run("true", list as ChangedFile[]);
      assert.equal(refused.status, "error", JSON.stringify(list));
      assert.match(refused.status === "error" ? refused.error.code : "", /^pending-/);
    }
    assert.equal((await run("echo fine")).stdoutText, "fine\n");
    writeFileSync(join(project, "still"), "here");
    rmSync(join(project, "still"));
  });

  test("more than a run may write cannot be pending", async () => {
    const big = {
      path: "/project/big",
      kind: "add",
      fileType: "file",
      mode: 0o644,
      content: Buffer.alloc(300_000),
    } as const;
    const call = { tool: "shell", code: "true", limits: { overlayBytes: 100_000 } } as const;
    const refused = await sandbox.run(call, { pending: [big as ChangedFile] });
    assert.ok(refused.status === "error" && refused.error.code === "pending-invalid");
  });
});
