import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type LoopConfig, locateKeptHeads, parseHead } from "../../src/loop/index.ts";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";

const ZTL = fileURLToPath(new URL("../../bin/ztl.js", import.meta.url));

type Anchors = NonNullable<LoopConfig["ledger"]>["anchors"];

/** A loop that has recorded something, closed; its configuration is in a file, too. */
async function closedLoop(
  t: TestContext,
  anchors: Anchors = [],
): Promise<TestLoop & { state: string; ledger: string }> {
  let config: LoopConfig | undefined;
  const opened = await openTestLoop((given) => {
    config = { ...given, ledger: { anchors, anchorEveryMs: 1 } };
    return config;
  });
  t.after(() => opened[Symbol.asyncDispose]());
  writeFileSync(join(opened.directory, "ztl.config.json"), JSON.stringify(config));
  await permitted(opened.loop);
  await opened.loop.close();
  const state = join(opened.directory, "state");
  return { ...opened, state, ledger: join(state, "ledger") };
}

async function permitted(loop: TestLoop["loop"]): Promise<void> {
  const { status } = await talk(loop, "reader").permit({ tool: "fetch", input: {} });
  assert.equal(status, "permitted");
}

async function goOn({ again }: TestLoop): Promise<void> {
  const loop = await again();
  await permitted(loop);
  await loop.close();
}

/** With modes and times, as a backup has them. */
function copyOf(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync("cp", ["-a", from, to]);
}

async function refused({ again }: TestLoop, code: string): Promise<void> {
  await assert.rejects(again(), (error: Error & { code: string; details: { remedy?: string } }) => {
    assert.equal(error.code, code, error.message);
    assert.match(`${error.message} ${error.details.remedy}`, /back/, "it says what to do");
    return true;
  });
}

function verified({ directory }: TestLoop): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ZTL, "ledger", "verify"], {
    cwd: directory,
    encoding: "utf8",
  });
  return { status, text: stdout + stderr };
}

test("a ledger that was removed is missed, and no new one takes its place", async (t) => {
  const place = await closedLoop(t);
  const aside = join(place.directory, "aside");
  for (const gone of [place.ledger, join(place.ledger, "ledger.sqlite")]) {
    renameSync(gone, aside);
    await refused(place, "ledger-missing");
    assert.equal(existsSync(join(place.ledger, "ledger.sqlite")), false);
    assert.match(verified(place).text, /ledger-missing|removed/);
    rmSync(gone, { recursive: true, force: true });
    renameSync(aside, gone);
  }
  await goOn(place);
});

test("an earlier copy, or another ledger, in its place is told from it", async (t) => {
  const [place, other] = [await closedLoop(t), await closedLoop(t)];
  const [copy, whole] = [join(place.directory, "copy"), join(place.directory, "whole")];
  copyOf(place.ledger, copy);
  await goOn(place);
  copyOf(place.ledger, whole);
  const put = (from: string): void => {
    rmSync(place.ledger, { recursive: true });
    copyOf(from, place.ledger);
  };
  put(copy);
  await refused(place, "ledger-rolled-back");
  const { status, text } = verified(place);
  assert.equal(status, 1);
  assert.match(text, /ledger-rolled-back/);
  put(other.ledger);
  await refused(place, "ledger-replaced");
  put(whole);
  await goOn(place);
  assert.equal(verified(place).status, 0, verified(place).text);
});

test("a lost key is not made anew, and the ledger can still be verified", async (t) => {
  const place = await closedLoop(t);
  const key = join(place.ledger, "ledger.key");
  const head = spawnSync(process.execPath, [ZTL, "ledger", "head", "--json"], {
    cwd: place.directory,
    encoding: "utf8",
  });
  const { publicKey } = JSON.parse(head.stdout) as { publicKey: string };
  renameSync(key, `${key}.aside`);
  await refused(place, "ledger-key-lost");
  assert.equal(existsSync(key), false);
  assert.match(verified(place).text, /key that signs this ledger is gone/);
  const args = [ZTL, "ledger", "verify", "--ledger", place.ledger, "--key", publicKey];
  assert.match(execFileSync(process.execPath, args, { encoding: "utf8" }), /^Whole/);
});

test("an anchor shows a ledger that was put back, or removed, with all of its state", async (t) => {
  const place = await closedLoop(t, [{ file: "anchor.txt" }]);
  const anchor = join(place.directory, "anchor.txt");
  const copy = join(place.directory, "copy");
  copyOf(place.state, copy);
  await goOn(place);
  assert.equal(readFileSync(anchor, "utf8").trim().split("\n").length, 2);
  // What was torn by a loss of power is no head, and hides none.
  appendFileSync(anchor, "ztl-ledger-head-v1 led");
  await goOn(place);
  assert.match(readFileSync(anchor, "utf8"), / led\nztl-ledger-head-v1 ledger=.*\n$/);
  rmSync(place.state, { recursive: true });
  await refused(place, "ledger-missing");
  copyOf(copy, place.state);
  await refused(place, "ledger-rolled-back");
  const { status, text } = verified(place);
  assert.equal(status, 1);
  assert.match(text, /anchor in .*anchor\.txt.*put back to an earlier copy.*\[ledger-rolled-back\]/s);
});

test("heads are kept at an address, and in a repository's notes", async (t) => {
  const lines: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      if (request.method === "POST") lines.push(body.trim());
      response.end(lines.join("\n"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/heads`;
  const place = await closedLoop(t, [{ url }, { gitNotes: "project" }]);
  assert.equal(lines.length, 1);
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", place.project, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      encoding: "utf8",
    });
  git("init", "-q");
  git("commit", "-q", "--allow-empty", "-m", "first");
  const copy = join(place.directory, "copy");
  copyOf(place.state, copy);
  await goOn(place);
  assert.match(git("notes", "--ref=ztl-ledger", "show", "HEAD"), /^ztl-ledger-head-v1 .* size=\d+ /);
  assert.ok(lines.length >= 2);
  rmSync(place.state, { recursive: true });
  copyOf(copy, place.state);
  const notes = await place.again();
  t.after(() => notes.close());
  const { anchors, problems } = await locateKeptHeads(join(place.directory, "ztl.config.json"));
  assert.equal(new Set(anchors.map(({ name }) => name)).size, 3, "the state, the address and the notes");
  assert.deepEqual(problems, []);
  const ahead = anchors.filter(({ line }) => parseHead(line).size > (notes.ledger.head()?.size ?? 0));
  assert.equal(new Set(ahead.map(({ name }) => name)).size, 2, "the state went back with the ledger");
});

test("an anchor that fails is told of, and costs no call", async (t) => {
  const opened = await openTestLoop((config) => ({
    ...config,
    ledger: { anchors: [{ file: "no/such/directory" }, { url: "http://127.0.0.1:1/" }], anchorEveryMs: 1 },
  }));
  t.after(() => opened[Symbol.asyncDispose]());
  const told: string[] = [];
  opened.loop.onEvent((event) => event.type === "anchor-failed" && told.push(event.anchor));
  await permitted(opened.loop);
  await opened.loop.close();
  assert.ok(told.some((name) => name.endsWith("no/such/directory")));
  assert.ok(told.some((name) => name.startsWith("http://127.0.0.1:1")));
});
