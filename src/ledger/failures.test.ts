import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { defined } from "../base/optional.ts";
import { Ledger } from "./ledger.ts";
import { formatPublicKey, parsePublicKey } from "./record/head.ts";
import { openSigningKey } from "./store/signing-key.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import { noteDraft, temporaryDirectory } from "./testing.ts";
import { verify } from "./verify.ts";

const ledgerModule = new URL("./ledger.ts", import.meta.url).href;
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
/** Nobody, as Debian and most others number it. */
const NOBODY = 65_534;
/** Root can, where others may read this checkout. */
const canBecomeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ["--input-type=module", "-e", `await import(${JSON.stringify(ledgerModule)})`], {
    uid: NOBODY,
  }).status === 0;

/** One byte in so many is flipped, others each time; ZTL_FLIP_EVERY=1 flips them all, which takes a minute. */
const FLIP_EVERY = Number(process.env.ZTL_FLIP_EVERY ?? 15);

/** Runs a module text in a process of its own and gives what it prints as JSON. */
function inProcess(script: string, options: { args: string[]; uid?: number; mount?: string }): unknown {
  const node = [process.execPath, "--input-type=module", "-e", script, ...options.args];
  const mounted = [
    "-rm",
    "sh",
    "-c",
    `mount -t tmpfs -o size=600k none "$0" && exec "$@"`,
    options.mount ?? "",
    ...node,
  ];
  const [program, args] = options.mount === undefined ? [node[0] as string, node.slice(1)] : ["unshare", mounted];
  const run = spawnSync(program, args, {
    encoding: "utf8",
    ...defined({ uid: options.uid }),
  });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as unknown;
}

test("a full disk is said clearly, loses nothing, and is got over", {
  skip: canMount ? false : "no user namespaces here: cannot mount a small file system",
}, (t) => {
  const script = `
    const { Ledger } = await import(${JSON.stringify(ledgerModule)});
    const { writeFileSync, rmSync } = await import("node:fs");
    const directory = process.argv[1];
    const ledger = await Ledger.open({ directory: directory + "/ledger" });
    const note = (text) => ledger.append({ kind: "note", body: { text } });
    await note("first");
    let filler = 0;
    try { for (;; filler++) writeFileSync(directory + "/filler" + filler, Buffer.alloc(4096)); } catch {}
    const errors = [];
    for (const attempt of [() => note("x".repeat(100_000)), () => ledger.keep(Buffer.alloc(100_000))]) {
      try { await attempt(); } catch (error) { errors.push([error.code, error.details.systemCode, error.message]); }
    }
    const whileFull = await ledger.verify();
    for (let i = 0; i <= filler; i++) rmSync(directory + "/filler" + i, { force: true });
    await note("after");
    console.log(JSON.stringify({ errors, whileFull: whileFull.ok, texts: ledger.query().map((e) => e.body.text), ok: (await ledger.verify()).ok }));`;
  const directory = temporaryDirectory(t);
  const found = inProcess(script, { args: [directory], mount: directory }) as {
    errors: [string, string, string][];
    whileFull: boolean;
    texts: string[];
    ok: boolean;
  };
  assert.equal(found.errors.length, 2);
  for (const [code, systemCode, message] of found.errors) {
    assert.deepEqual([code, systemCode], ["ledger-write-failed", "ENOSPC"]);
    assert.match(message, /disk is full/);
  }
  assert.deepEqual([found.whileFull, found.texts, found.ok], [true, ["first", "after"], true]);
});

test("a directory without permission is said clearly", {
  skip: canBecomeNobody ? false : "cannot become another user here",
}, (t) => {
  const directory = temporaryDirectory(t);
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "closed"), { mode: 0o755 });
  const script = `
    const { Ledger } = await import(${JSON.stringify(ledgerModule)});
    try { await Ledger.open({ directory: process.argv[1] }); console.log("{}"); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message })); }`;
  const found = inProcess(script, { args: [join(directory, "closed")], uid: NOBODY }) as {
    code: string;
    message: string;
  };
  assert.equal(found.code, "ledger-open-failed");
  assert.match(found.message, /belongs to another user/);
});

test("a ledger is verified by someone who may only read it, and is left as it was", {
  skip: canBecomeNobody ? false : "cannot become another user here",
}, async (t) => {
  const { directory, publicKey } = await smallLedger(t);
  const parent = join(directory, "..");
  for (const path of [parent, directory, join(directory, "blobs")]) chmodSync(path, 0o755);
  for (const name of ["ledger.sqlite", "ledger.head"]) chmodSync(join(directory, name), 0o644);
  const before = readdirSync(directory);
  const script = `
    const { SqliteStore, parsePublicKey, verify } = await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    const store = new SqliteStore({ directory: process.argv[1], access: "read" });
    const result = await verify(store, { publicKey: parsePublicKey(process.argv[2]) });
    console.log(JSON.stringify(result));`;
  const found = inProcess(script, { args: [directory, publicKey], uid: NOBODY }) as { ok: boolean; entries: number };
  assert.deepEqual([found.ok, found.entries], [true, 5]);
  assert.deepEqual(readdirSync(directory), before);
});

async function smallLedger(t: TestContext, count = 5): Promise<{ directory: string; publicKey: string }> {
  const directory = join(temporaryDirectory(t), "ledger");
  await using ledger = await Ledger.open({ directory });
  for (let i = 0; i < count; i++) await ledger.append(noteDraft(`step ${i}`, `run-${i % 2}`));
  return { directory, publicKey: formatPublicKey(ledger.publicKey) };
}

test("the bytes of the database file: a flip is found, or nothing that the ledger tells changes", async (t) => {
  const { directory, publicKey } = await smallLedger(t);
  const file = join(directory, "ledger.sqlite");
  const whole = readFileSync(file);
  const options = { publicKey: parsePublicKey(publicKey) };
  const look = async (): Promise<string> => {
    try {
      const store = new SqliteStore({ directory, access: "read" });
      try {
        const result = await verify(store, options);
        if (!result.ok) return "found";
        const rows = [store.entries({ limit: 99 }), store.entries({ runId: "run-1", limit: 99 }), store.heads(0, 99)];
        return JSON.stringify([rows, store.ledgerId, result.entries]);
      } finally {
        store.close();
      }
    } catch {
      return "found";
    }
  };
  const told = await look();
  assert.notEqual(told, "found");
  // Pages are mostly empty space: all bytes that are not zero, and every 37th of the others.
  const meaningful = [...whole.keys()].filter((at) => whole[at] !== 0 || at % 37 === 0);
  const offset = Math.floor(Math.random() * FLIP_EVERY);
  const places = meaningful.filter((_, i) => i % FLIP_EVERY === offset);
  let harmless = 0;
  for (const at of places) {
    const spoilt = Buffer.from(whole);
    spoilt[at] = (spoilt[at] as number) ^ (1 << (at % 8));
    writeFileSync(file, spoilt);
    const now = await look();
    if (now === told) harmless++;
    else assert.equal(now, "found", `byte ${at}`);
  }
  t.diagnostic(
    `${places.length} bytes flipped: ${places.length - harmless} found, ${harmless} without meaning to SQLite`,
  );
});

test("an older copy put back is refused for writing and found by verify", async (t) => {
  const { directory, publicKey } = await smallLedger(t);
  const file = join(directory, "ledger.sqlite");
  copyFileSync(file, `${file}.old`);
  {
    await using ledger = await Ledger.open({ directory });
    await ledger.append(noteDraft("one more"));
  }
  renameSync(`${file}.old`, file);
  await assert.rejects(Ledger.open({ directory }), { code: "ledger-truncated" });
  const store = new SqliteStore({ directory, access: "read" });
  t.after(() => store.close());
  const result = await verify(store, { publicKey: parsePublicKey(publicKey) });
  assert.ok(!result.ok && result.problem.code === "entries-truncated" && result.problem.index === 5);
});

test("a damaged end, a foreign key and foreign tables are refused for writing", async (t) => {
  const { directory } = await smallLedger(t);
  const file = join(directory, "ledger.sqlite");
  const keyFile = join(directory, "other.key");
  await assert.rejects(Ledger.open({ directory, keyFile }), { code: "ledger-key-lost" });
  openSigningKey(keyFile);
  await assert.rejects(Ledger.open({ directory, keyFile }), { code: "ledger-key" });
  const spoil = (sql: string): void => {
    const database = new DatabaseSync(file);
    try {
      database.exec(sql);
    } finally {
      database.close();
    }
  };
  assert.throws(() => spoil("DELETE FROM entry"), /append-only/);
  assert.throws(() => spoil("UPDATE head SET line = 'x'"), /append-only/);
  copyFileSync(file, `${file}.whole`);
  spoil("DROP TRIGGER entry_no_delete");
  await assert.rejects(Ledger.open({ directory }), { code: "ledger-format" });
  for (const change of [
    "DELETE FROM entry WHERE place = 4",
    "UPDATE entry SET bytes = zeroblob(9) WHERE place = 4",
    "UPDATE head SET peaks = zeroblob(64) WHERE number = 4",
    "UPDATE ledger SET id = '00000000000000000000000000000000'",
  ]) {
    copyFileSync(`${file}.whole`, file);
    const triggers = ["entry_no_delete", "entry_no_update", "head_no_update"];
    const database = new DatabaseSync(file);
    const saved = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const name of triggers) database.exec(`DROP TRIGGER ${name}`);
    database.exec(change);
    for (const { name, sql } of saved) if (triggers.includes(String(name))) database.exec(String(sql));
    database.close();
    await assert.rejects(Ledger.open({ directory }), { code: "ledger-damaged" }, change);
  }
});

test("a key is made once, is private, and is never written over", (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "keys/ledger.key");
  const first = openSigningKey(path);
  const pem = readFileSync(path, "utf8");
  assert.ok(openSigningKey(path).publicKey.equals(first.publicKey));
  assert.equal(readFileSync(path, "utf8"), pem);
  chmodSync(path, 0o640);
  assert.throws(() => openSigningKey(path), { code: "key-unsafe" });
  chmodSync(path, 0o600);
  writeFileSync(path, "something else");
  assert.throws(() => openSigningKey(path), { code: "key-malformed" });
  assert.equal(readFileSync(path, "utf8"), "something else");
  rmSync(path);
  symlinkSync("/dev/null", path);
  assert.throws(() => openSigningKey(path), { code: "key-unsafe" });
  rmSync(path);
  mkdirSync(path);
  assert.throws(() => openSigningKey(path), { code: "key-unsafe" });
});

test("a blob that was damaged on disk is refused, and healed by keeping it again", async (t) => {
  const directory = join(temporaryDirectory(t), "ledger");
  await using ledger = await Ledger.open({ directory });
  const bytes = Buffer.alloc(50_000, 3);
  const content = await ledger.keep(bytes);
  const path = join(directory, "blobs", content.sha256.slice(0, 2), content.sha256.slice(2));
  for (const spoil of [
    () => writeFileSync(path, "short"),
    () => {
      rmSync(path);
      symlinkSync("/dev/zero", path);
    },
  ]) {
    spoil();
    await assert.rejects(ledger.content(content), { code: "blob-damaged" });
    await ledger.keep(bytes);
    assert.deepEqual(Buffer.from(await ledger.content(content)), bytes);
  }
  rmSync(path);
  await assert.rejects(ledger.content(content), { code: "blob-missing" });
  await assert.rejects(ledger.content({ sha256: "../../../etc/passwd", sizeBytes: 1 }), { code: "blob-name" });
});

test("a column that holds what its declaration rules out is damage, not a crash", async (t) => {
  for (const [table, column] of [
    ["head", "line"],
    ["head", "peaks"],
    ["entry", "bytes"],
    ["entry", "hash"],
    ["entry", "time"],
  ] as const) {
    const directory = temporaryDirectory(t);
    const ledger = await Ledger.open({ directory });
    await ledger.append(noteDraft("one"));
    await ledger.close();
    emptyColumn(join(directory, "ledger.sqlite"), table, column);
    const look = async (): Promise<void> => {
      const damaged = await Ledger.open({ directory });
      try {
        damaged.query();
        const { ok } = await damaged.verify();
        assert.equal(ok, false, column);
      } finally {
        await damaged.close();
      }
    };
    await assert.rejects(look(), { code: "ledger-damaged" }, `${table}.${column}`);
  }
});

/** What a flipped byte in a row's header does: NULL where the table says NOT NULL. */
function emptyColumn(path: string, table: string, column: string): void {
  const edit = (sql: string): void => {
    const database = new DatabaseSync(path, { defensive: false });
    database.exec(`PRAGMA writable_schema = ON; ${sql}`);
    database.close();
  };
  const schema = "UPDATE sqlite_schema SET sql = replace(sql,";
  edit(`${schema} 'NOT NULL', '/*NOT NULL*/') WHERE name = '${table}'`);
  const trigger = `${table}_no_update`;
  const { sql } = readSchema(path, trigger);
  edit(`DROP TRIGGER ${trigger}; UPDATE ${table} SET ${column} = NULL; ${sql}`);
  edit(`${schema} '/*NOT NULL*/', 'NOT NULL') WHERE name = '${table}'`);
}

function readSchema(path: string, name: string): { sql: string } {
  const database = new DatabaseSync(path, { readOnly: true });
  const sql = database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?").get(name)?.sql;
  database.close();
  return { sql: String(sql) };
}
