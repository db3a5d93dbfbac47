import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openTestLoop, talk } from "../../src/loop/testing.ts";
import { conversationsWorkspace } from "../../src/loop/workspace/workspace-owner.ts";
import { type ProposedChange, Workspace } from "../../src/workspace/index.ts";
import { SPACE_BYTES_MAX } from "../../src/workspace/limits.ts";
import { kvmMissing } from "../kvm.ts";

const MEBIBYTE = 1024 * 1024;
/** Of one content, which is kept once: each file counts. */
const FILE_BYTES = 128 * MEBIBYTE;
const FILES = SPACE_BYTES_MAX / FILE_BYTES;

test("a run may write what its workspace has room for, and what is deleted is free for the next", {
  skip: kvmMissing(),
}, async () => {
  await using world = await openTestLoop();
  const workspace = await Workspace.open({ directory: join(world.directory, "state", "workspace") });
  const content = new Uint8Array(FILE_BYTES);
  const changes = Array.from({ length: FILES }, (_, number): ProposedChange => {
    const size = number === 0 ? FILE_BYTES - MEBIBYTE : FILE_BYTES;
    return {
      path: `/project/f${number}`,
      kind: "add",
      fileType: "file",
      mode: 0o644,
      content: content.subarray(0, size),
    };
  });
  const owner = conversationsWorkspace({ agent: "writer", conversation: "main", workspace: undefined });
  const filled = await workspace.spaces.commit(await workspace.spaces.view(owner, "writer"), {
    ...{ runId: "run", agent: "writer", tool: "shell", command: "sh", labels: [], changes },
    roots: [{ hostRoot: world.project, guestRoot: "/project" }],
  });
  assert.equal(filled.beyond, undefined);
  await workspace.close();
  const writer = talk(world.loop, "writer");
  const call = (code: string) => writer.call({ tool: "python", input: { code } });
  const write = (mebibytes: number) => call(`open('/project/new', 'wb').write(b'x' * (${mebibytes} << 20))`);
  const beyond = await write(4);
  assert.equal(beyond.status, "limit", beyond.forModel.text);
  const little = await call("open('/project/little', 'w').write('x')");
  assert.equal(little.status, "ok", little.forModel.text);
  const freed = await call("import os; os.remove('/project/f1')");
  assert.equal(freed.status, "ok", freed.forModel.text);
  const done = await write(4);
  assert.equal(done.status, "ok", done.forModel.text);
});
