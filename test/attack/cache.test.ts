import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Sandbox, type SandboxEvent } from "../../src/index.ts";
import { kvmMissing } from "../kvm.ts";
import { Random } from "./random.ts";

/*
 * A stored template decides what every later guest runs. Whatever is done to it on disk, a call gives the right answer:
 * from the template when it is whole, from a new one when it is not, or an error that says what is wrong.
 */
const SEED = Number(process.env.ZTL_FUZZ_SEED ?? 1);
const PARTS = ["memory.img", "kernel.json", "manifest.json"] as const;

interface Outcome {
  readonly answer: string;
  readonly events: readonly string[];
}

async function call(cacheDirectory: string): Promise<Outcome> {
  const events: SandboxEvent[] = [];
  await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory, onEvent: (event) => events.push(event) });
  const run = await sandbox.run({ tool: "exec", program: "/bin/sh", args: ["-c", "echo $((6 * 7))"] });
  return {
    answer: run.status === "error" ? run.error.code : run.stdoutText,
    events: events.map((event) => ("code" in event ? `${event.type} ${event.code}` : event.type)),
  };
}

describe("a template cache that someone was at", { skip: kvmMissing() }, () => {
  const root = mkdtempSync(join(tmpdir(), "ztl-cache-attack-"));
  const cache = join(root, "cache");
  const kept = join(root, "kept");
  after(() => rmSync(root, { recursive: true, force: true }));

  const place = (): string => join(cache, "templates", readdirSync(join(cache, "templates"))[0] as string);
  const part = (name: string): string => join(place(), name);

  before(async () => {
    assert.equal((await call(cache)).answer, "42\n");
    assert.deepEqual((await call(cache)).events, ["template-loaded"]);
  });

  /** Damages the stored template; the call must still be right, and the damage noticed unless it is harmless. */
  async function survives(about: string, damage: () => void): Promise<Outcome> {
    damage();
    const outcome = await call(cache);
    assert.equal(outcome.answer, "42\n", `${about}: ${outcome.events.join(", ")}`);
    return outcome;
  }

  async function isRefused(about: string, damage: () => void): Promise<void> {
    const { events } = await survives(about, damage);
    assert.equal(events.length, 2, `${about}: ${events.join(", ")}`);
    assert.match(events[0] as string, /^template-refused (template-cache-corrupt|snapshot-\w+|template-stale)$/, about);
    assert.equal(events[1], "template-built", about);
  }

  test("one flipped bit anywhere in any part is noticed", async () => {
    const random = new Random(SEED);
    for (const name of PARTS) {
      for (let round = 0; round < 2; round++) {
        // The first bytes hold magic numbers and lengths, where parsers trip.
        const at = round === 0 ? random.below(48) : random.below(statSync(part(name)).size);
        await isRefused(`${name}, byte ${at}, seed ${SEED}`, () => {
          const bytes = readFileSync(part(name));
          bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
          writeFileSync(part(name), bytes);
        });
      }
    }
  });

  test("parts that are cut, empty, missing or exchanged are noticed", async () => {
    for (const name of PARTS) {
      const half = statSync(part(name)).size >> 1;
      for (const bytes of [0, half]) {
        await isRefused(`${name} cut to ${bytes}`, () => truncateSync(part(name), bytes));
      }
    }
    for (const name of ["memory.img", "kernel.json"]) {
      await isRefused(`${name} missing`, () => rmSync(part(name)));
      await isRefused(`${name} is the manifest`, () => copyFileSync(part("manifest.json"), part(name)));
    }
  });

  test("a template of other content under this name is noticed", async () => {
    await isRefused("the manifest of another key", () => {
      const other = part("manifest.json");
      const [mac, text] = readFileSync(other, "utf8").split("\n") as [string, string];
      writeFileSync(other, `${mac}\n${text.replace(/"key":"\w/, '"key":"_')}\n`);
    });
    await isRefused("an endless line", () => writeFileSync(part("manifest.json"), "[".repeat(1_000_000)));
    await isRefused("no JSON", () => writeFileSync(part("manifest.json"), `${"0".repeat(64)}\n{"a":\n`));
  });

  test("a directory, a link or a pipe in place of a part is noticed, and does not hang", async () => {
    for (const name of PARTS) {
      await isRefused(`${name} is a link to itself as it was`, () => {
        renameSync(part(name), kept);
        symlinkSync(kept, part(name));
      });
    }
    await isRefused("the image is a directory", () => {
      rmSync(part("memory.img"));
      mkdirSync(part("memory.img"));
    });
    await isRefused("the manifest is a directory", () => {
      rmSync(part("manifest.json"));
      mkdirSync(part("manifest.json"));
    });
    await isRefused("the state is a pipe", () => {
      rmSync(part("kernel.json"));
      execFileSync("mkfifo", [part("kernel.json")]);
    });
  });

  test("a cache that others can write to, or a link in its place, is refused with a reason", async () => {
    const refusing: [about: string, damage: () => void, repair: () => void][] = [
      ["writable by all", () => chmodSync(cache, 0o777), () => chmodSync(cache, 0o700)],
      [
        "templates writable by the group",
        () => chmodSync(join(cache, "templates"), 0o770),
        () => chmodSync(join(cache, "templates"), 0o700),
      ],
      ["a template writable by all", () => chmodSync(place(), 0o777), () => chmodSync(place(), 0o700)],
      ["a key others can read", () => chmodSync(join(cache, "key"), 0o644), () => chmodSync(join(cache, "key"), 0o600)],
    ];
    for (const [about, damage, repair] of refusing) {
      damage();
      const outcome = await call(cache).then(
        ({ answer }) => answer,
        (error: { code?: string }) => error.code,
      );
      assert.equal(outcome, "cache-unsafe", about);
      repair();
      assert.equal((await call(cache)).answer, "42\n", about);
    }
    const link = join(root, "link");
    symlinkSync(cache, link);
    await assert.rejects(call(link), { code: "cache-unsafe" });
    const key = join(cache, "key");
    renameSync(key, kept);
    symlinkSync(kept, key);
    assert.equal(
      (await call(cache).catch((error: { code?: string }) => ({ answer: error.code }))).answer,
      "cache-unsafe",
    );
    rmSync(key);
    renameSync(kept, key);
    const file = join(root, "file");
    writeFileSync(file, "");
    await assert.rejects(call(file), { code: "cache-unsafe" });
  });

  test("a cache that cannot be written is an error with a code", {
    skip: process.getuid?.() === 0 && "root can write anywhere",
  }, async () => {
    const readOnly = mkdtempSync(join(root, "ro-"));
    chmodSync(readOnly, 0o500);
    await assert.rejects(call(join(readOnly, "cache")), { name: "ZtlError" });
  });
});
