import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { toByteString } from "../../src/base/byte-string.ts";
import { type Layer, LayerWriter } from "../../src/base/layer/index.ts";
import { layerOfDifference } from "../../src/base/layer/testing/difference.ts";
import { applyChanges } from "../../src/linux/vfs/apply-changes.ts";
import { type ChangedFile, type RunResult, Sandbox } from "../../src/sandbox/index.ts";
import { kvmMissing } from "../kvm.ts";
import { CHAINS, LIST, shell, TREE } from "./chains.ts";

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
      mtimeNs,
      ...rest
    }) => ({
      ...rest,
      ...(mtimeNs === undefined ? {} : { mtimeNs: BigInt(mtimeNs) }),
      path: toByteString(path, pathBytes),
      ...(linkOf === undefined ? {} : { linkOf: toByteString(linkOf, linkOfBytes) }),
      ...(symlinkTarget === undefined ? {} : { symlinkTarget: toByteString(symlinkTarget, symlinkTargetBytes) }),
      ...(content === undefined ? {} : { content: () => content }),
    }),
  ) as Parameters<typeof applyChanges>[0];
}

suite("a run over a layer", { skip: kvmMissing() }, () => {
  const place = mkdtempSync(join(tmpdir(), "ztl-layers-"));
  const project = mkdtempSync(join(place, "project-"));
  const locked = mkdtempSync(join(place, "locked-"));
  let sandbox: Sandbox;
  let segments = 0;

  before(async () => {
    shell(TREE, project);
    sandbox = await Sandbox.open({
      mounts: [
        { kind: "overlay", host: project, guest: "/project" },
        { kind: "ro", host: project, guest: "/same" },
        { kind: "ro", host: locked, guest: "/locked" },
      ],
      cells: 1,
    });
  });
  after(async () => {
    await sandbox.close();
    rmSync(place, { recursive: true, force: true });
  });

  const run = (code: string, layer?: Layer): Promise<RunResult> =>
    sandbox.run({ tool: "shell", code: `umask 022; ${code}`, env: { LC_ALL: "C" } }, { layer });
  const newSegment = (): string => join(place, `segment-${segments++}`);
  /** A layer that makes of the project what the script does. */
  const layerOf = async (script: string): Promise<Layer> => {
    const copy = mkdtempSync(join(place, "wanted-"));
    shell(`cp -a ${project}/. .; umask 022; ${script}`, copy);
    return await layerOfDifference(project, copy, newSegment());
  };

  for (const [name, scripts] of Object.entries(CHAINS)) {
    test(name, async () => {
      const [native, copy] = [mkdtempSync(join(place, "native-")), mkdtempSync(join(place, "copy-"))];
      for (const directory of [native, copy]) shell(TREE, directory);
      for (const script of scripts) {
        const result = await run(script, await layerOfDifference(project, copy, newSegment()));
        assert.equal(result.status, "ok", result.status === "error" ? result.error.message : result.stderrText);
        const printed = shell(`umask 022; ${script}`, native);
        assert.equal(Buffer.from(result.stdout).toString("latin1"), printed);
        applyChanges(asBytes(result.changes), "/project", copy);
        assert.equal(shell(LIST, copy), shell(LIST, native), script);
      }
    });
  }

  test("the changes are what differs from what was seen, and what is undone is none", async () => {
    const layer = await layerOf("echo x > fresh; echo y >> a.txt; rm b.txt");
    assert.deepEqual((await run("cat fresh a.txt; ls", layer)).changes, []);
    const undone = await run("echo z >> fresh; truncate -s 2 fresh; echo two > b.txt; rm b.txt", layer);
    assert.deepEqual(undone.changes, []);
    const { changes } = await run("echo z >> fresh; rm a.txt; echo two > b.txt", layer);
    const hash = (text: string): string => shell(`printf '${text}' | sha256sum`, place).slice(0, 64);
    assert.deepEqual(
      changes.map(({ path, kind, baseSha256, newSha256 }) => ({ path, kind, baseSha256, newSha256 })),
      [
        { path: "/project/a.txt", kind: "delete", baseSha256: hash("one\\ny\\n"), newSha256: undefined },
        { path: "/project/b.txt", kind: "add", baseSha256: undefined, newSha256: hash("two\\n") },
        { path: "/project/fresh", kind: "modify", baseSha256: hash("x\\n"), newSha256: hash("x\\nz\\n") },
      ],
    );
  });

  test("the read set says which content was the layer's", async () => {
    const layer = await layerOf("echo x > fresh; chmod 600 b.txt");
    const { reads } = await run("cat fresh a.txt b.txt", layer);
    const ours = reads.filter(({ path }) => path.startsWith("/project"));
    assert.deepEqual(
      ours.map(({ path, fromLayer }) => [path, fromLayer]),
      [
        ["/project/a.txt", undefined],
        ["/project/b.txt", true],
        ["/project/fresh", true],
      ],
    );
    assert.equal(ours[2]?.sha256, shell("echo x | sha256sum", place).slice(0, 64));
  });

  test("times, and which names are one file, come with the changes and are there again", async () => {
    const script =
      "touch -d '2001-02-03 04:05:06.789012345 UTC' a.txt new; ln new other; ln b.txt second; echo x >> a.txt";
    const { changes } = await run(`${script}; touch -d '2001-02-03 04:05:06.789012345 UTC' a.txt; echo y >> b.txt`);
    const time = "981173106789012345";
    const facts = changes.map(({ path, kind, mtimeNs, linkGroup, linkOf }) => ({
      path: path.slice("/project/".length),
      kind,
      isOld: mtimeNs === time,
      linkGroup,
      linkOf: linkOf?.slice("/project/".length),
    }));
    assert.deepEqual(facts, [
      { path: "a.txt", kind: "modify", isOld: true, linkGroup: undefined, linkOf: undefined },
      { path: "b.txt", kind: "modify", isOld: false, linkGroup: 1, linkOf: undefined },
      { path: "new", kind: "add", isOld: true, linkGroup: 2, linkOf: undefined },
      { path: "other", kind: "add", isOld: true, linkGroup: 2, linkOf: "new" },
      { path: "second", kind: "add", isOld: false, linkGroup: 1, linkOf: "b.txt" },
    ]);
    const layer = await layerOf(script);
    assert.equal(
      (await run("stat -c '%y %h' new; find . -samefile b.txt | sort; stat -c %i new other | uniq | wc -l", layer))
        .stdoutText,
      "2001-02-03 04:05:06.789012345 +0000 2\n./b.txt\n./second\n1\n",
    );
  });

  test("a read-only mount shows it, and is as read-only as before", async () => {
    const layer = await layerOf("echo x > fresh; rm b.txt");
    const shown = await run("cat /same/fresh; ls /same; echo no > /same/fresh || echo $?", layer);
    assert.equal(shown.stdoutText, "x\na.txt\ndir\nempty\nfresh\n1\n");
    assert.match(shown.stderrText, /Read-only file system/);
  });

  test("the next run has nothing of it", async () => {
    const layer = await layerOf("echo secret > fresh");
    assert.equal((await run("cat fresh", layer)).stdoutText, "secret\n");
    assert.equal((await run("ls; ls /proc/self/fd | wc -l")).stdoutText, "a.txt\nb.txt\ndir\nempty\n4\n");
  });

  test("what the host has beneath may change: what shows through is the host's of now", async () => {
    const layer = await layerOf("echo mine > a.txt; rm b.txt; echo in > dir/new");
    shell("echo theirs > a.txt; echo other > b.txt; echo late > late", project);
    renameSync(join(project, "dir"), join(place, "gone"));
    try {
      const seen = await run("cat a.txt late dir/new; ls; ls dir; stat -c %a dir", layer);
      assert.equal(seen.stdoutText, "mine\nlate\nin\na.txt\ndir\nempty\nlate\nnew\n755\n", seen.stderrText);
    } finally {
      renameSync(join(place, "gone"), join(project, "dir"));
      shell("rm late; echo one > a.txt; echo two > b.txt", project);
    }
  });

  test("contents of earlier segments are used again", async () => {
    const first = await LayerWriter.create(newSegment());
    const attributes = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtimeNs: 5n };
    const content = await first.addContent(Buffer.from("kept\n"));
    const at = (name: string) => toByteString(`${project}/${name}`);
    const one = await first.finish([{ path: at("k"), node: { type: "file", ...attributes, content } }]);
    const second = await LayerWriter.create(newSegment(), one.segments);
    const more = await second.addContent([Buffer.from("mo"), Buffer.from("re\n")]);
    const two = await second.finish([
      { path: at("k"), node: { type: "file", ...attributes, content } },
      { path: at("m"), node: { type: "file", ...attributes, content: more } },
    ]);
    assert.notEqual(one.id, two.id);
    assert.equal((await run("cat k m; stat -c %Y k", two)).stdoutText, "kept\nmore\n0\n");
    assert.equal((await run("cat k; ls m 2>&1", one)).status, "failed");
  });

  test("one that cannot be read ends the run, and the cell goes on", async () => {
    const layer = await layerOf("mkdir new; echo x > new/x; echo y > y");
    const codes: (string | undefined)[] = [];
    const codeOf = async (broken: Layer): Promise<void> => {
      const result = await run("cat new/x y; ls -R", broken);
      codes.push(result.status === "error" ? result.error.code : result.status);
    };
    await codeOf({ ...layer, segments: [join(place, "nowhere")] });
    await codeOf({ ...layer, segments: [place] });
    await codeOf({ ...layer, segments: [] });
    await codeOf({ ...layer, root: { ...layer.root, offset: layer.root.offset + 64 } });
    await codeOf({ ...layer, root: { ...layer.root, sizeBytes: 2 ** 39 } });
    await codeOf({ ...layer, root: { segment: 7, offset: 0, sizeBytes: 64 } });
    const cut = newSegment();
    shell(`cp '${layer.segments[0]}' '${cut}'`, place);
    chmodSync(cut, 0o600);
    truncateSync(cut, 100);
    await codeOf({ ...layer, segments: [cut] });
    writeFileSync(cut, Buffer.alloc(layer.root.offset + layer.root.sizeBytes, 0xff));
    await codeOf({ ...layer, segments: [cut] });
    assert.deepEqual(codes, ["layer-missing", ...Array.from({ length: 7 }, () => "layer-invalid")]);
    assert.equal((await run("cat y", layer)).stdoutText, "y\n");
    await assert.rejects(
      async () => await run("true", { ...layer, root: {} } as Layer),
      (error: { code: string }) => error.code === "invalid-input",
    );
  });

  test("what a mount leaves out is not there when it is the layer's either", async () => {
    const layer = await layerOf("echo key > .env; mkdir new; echo key > new/.env; echo x > new/x");
    const exclude = ["**/.env"];
    const without = await Sandbox.open({
      mounts: [{ kind: "overlay", host: project, guest: "/project", exclude }],
      cells: 1,
    });
    try {
      const seen = await without.run({ tool: "shell", code: "ls -A . new; cat .env new/.env" }, { layer });
      assert.equal(seen.stdoutText, ".:\na.txt\nb.txt\ndir\nempty\nnew\n\nnew:\nx\n");
      assert.equal(seen.status, "failed");
    } finally {
      await without.close();
    }
  });

  test("a mount inside a changed directory, and one whose place is gone", async () => {
    const [outer, gone] = [mkdtempSync(join(place, "outer-")), mkdtempSync(join(place, "gone-"))];
    mkdirSync(join(outer, "in/deep"), { recursive: true });
    writeFileSync(join(outer, "in/host"), "host\n");
    const twice = await Sandbox.open({
      mounts: [
        { kind: "overlay", host: outer, guest: "/outer" },
        { kind: "overlay", host: join(outer, "in"), guest: "/in" },
        { kind: "ro", host: join(outer, "in/deep"), guest: "/deep" },
      ],
      cells: 1,
    });
    try {
      shell(`cp -a ${outer}/. .; echo new > in/new; rm -r in/deep`, gone);
      const layer = await layerOfDifference(outer, gone, newSegment());
      const seen = await twice.run(
        { tool: "shell", code: "cat /outer/in/new /in/new; ls /in; ls -A /deep; echo x > /in/more" },
        { layer },
      );
      assert.equal(seen.stdoutText, "new\nnew\nhost\nnew\n", seen.stderrText);
      assert.deepEqual(
        seen.changes.map(({ path, kind }) => [path, kind]),
        [["/in/more", "add"]],
      );
    } finally {
      await twice.close();
    }
  });
});
