import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { kvmMissing } from "../../vmm/testing.ts";
import { Sandbox, type SandboxEvent } from "../index.ts";

const root = mkdtempSync(join(tmpdir(), "ztl-store-"));
after(() => rmSync(root, { recursive: true, force: true }));
const cache = join(root, "cache");

/** Runs one shell call in a new sandbox; tells what happened to its template. */
async function eventsOfRun(cacheDirectory = cache): Promise<string[]> {
  const events: SandboxEvent[] = [];
  await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory, onEvent: (event) => events.push(event) });
  const run = await sandbox.run({ tool: "shell", code: "echo good" });
  assert.equal(run.stdoutText, "good\n", JSON.stringify(run));
  return events.map((event) => ("code" in event ? `${event.type} ${event.code}` : event.type));
}

function file(name: string): string {
  const [key] = readdirSync(join(cache, "templates"));
  return join(cache, "templates", key as string, name);
}

function edit(name: string, change: (content: Buffer) => Uint8Array): void {
  writeFileSync(file(name), change(readFileSync(file(name))));
}

function flip(at: (length: number) => number): (content: Buffer) => Uint8Array {
  return (content) => {
    const index = at(content.length);
    content.writeUInt8(content.readUInt8(index) ^ 1, index);
    return content;
  };
}

describe("the template store", { skip: kvmMissing }, () => {
  test("builds once, then loads", async () => {
    assert.deepEqual(await eventsOfRun(), ["template-built"]);
    assert.deepEqual(await eventsOfRun(), ["template-loaded"]);
    assert.deepEqual(readdirSync(join(cache, "templates", readdirSync(join(cache, "templates"))[0] as string)).sort(), [
      "kernel.json",
      "manifest.json",
      "memory.img",
    ]);
  });

  const damages: [name: string, damage: () => void, code: string][] = [
    [
      "a page of memory",
      () =>
        edit(
          "memory.img",
          flip((length) => length - 5000),
        ),
      "snapshot-corrupt",
    ],
    [
      "the header of the memory image",
      () =>
        edit(
          "memory.img",
          flip(() => 20),
        ),
      "template-cache-corrupt",
    ],
    [
      "a cut memory image",
      () => edit("memory.img", (content) => content.subarray(0, content.length - 4096)),
      "snapshot-corrupt",
    ],
    ["a missing memory image", () => rmSync(file("memory.img")), "template-cache-corrupt"],
    [
      "the personality's state",
      () =>
        edit(
          "kernel.json",
          flip((length) => length >> 1),
        ),
      "template-cache-corrupt",
    ],
    [
      "the manifest",
      () =>
        edit(
          "manifest.json",
          flip((length) => length - 10),
        ),
      "template-cache-corrupt",
    ],
    ["an empty manifest", () => writeFileSync(file("manifest.json"), ""), "template-cache-corrupt"],
    [
      "another user's key",
      () => {
        rmSync(join(cache, "key"));
      },
      "template-cache-corrupt",
    ],
    [
      "a consistent forgery without the key",
      () =>
        edit("manifest.json", (content) => Buffer.from(`${"0".repeat(64)}\n${content.toString().split("\n")[1]}\n`)),
      "template-cache-corrupt",
    ],
  ];
  for (const [name, damage, code] of damages) {
    test(`refuses ${name}, says so, and builds again`, async () => {
      damage();
      assert.deepEqual(await eventsOfRun(), [`template-refused ${code}`, "template-built"]);
      assert.deepEqual(await eventsOfRun(), ["template-loaded"]);
    });
  }

  test("refuses a directory others can write to", async () => {
    const open = join(root, "open");
    assert.deepEqual(await eventsOfRun(open), ["template-built"]);
    chmodSync(open, 0o777);
    await assert.rejects(Sandbox.open({ cells: 1, cacheDirectory: open }), { code: "cache-unsafe" });
  });

  test("builds again when a file the template read has changed", async () => {
    const venv = join(root, "venv");
    execFileSync("python3", ["-m", "venv", "--without-pip", venv]);
    const [lib] = readdirSync(join(venv, "lib"));
    const module = join(venv, "lib", lib as string, "site-packages", "ztl_store_test.py");
    const answers: string[] = [];
    for (const value of [1, 1, 2]) {
      if (String(value) !== answers.at(-1)) writeFileSync(module, `VALUE = ${value}\n`);
      const events: string[] = [];
      await using sandbox = await Sandbox.open({
        cells: 1,
        cacheDirectory: cache,
        python: { program: join(venv, "bin", "python3"), preload: ["ztl_store_test"] },
        onEvent: (event) => events.push("code" in event ? event.code : event.type),
      });
      const run = await sandbox.run({
        tool: "python",
        code: "import ztl_store_test as t, sys; print(t.VALUE, sys.prefix, end='')",
      });
      const [answer, prefix] = run.stdoutText.split(" ");
      assert.equal(prefix, venv);
      answers.push(answer as string);
      if (answers.length === 2) assert.deepEqual(events, ["template-loaded"]);
      if (answers.length === 3) assert.deepEqual(events, ["template-stale", "template-built"]);
    }
    assert.deepEqual(answers, ["1", "1", "2"]);
  });

  test("survives two processes' worth of builds at once", async () => {
    const both = join(root, "both");
    const events = await Promise.all([eventsOfRun(both), eventsOfRun(both)]);
    for (const list of events) assert.ok(list.includes("template-built") || list.includes("template-loaded"));
    assert.deepEqual(await eventsOfRun(both), ["template-loaded"]);
    assert.equal(readdirSync(join(both, "templates")).length, 1);
  });
});
