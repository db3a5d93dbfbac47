import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { keyFile, privateDirectory, privateFile, readKeyFile } from "./private-files.ts";

const REFUSAL = { code: "test-unsafe", otherwise: "Choose another place." };
const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "ztl-private-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const refusedWith = (work: () => unknown, message: RegExp): void =>
  assert.throws(work, (error: { code: string; message: string; details: { remedy: string } }) => {
    assert.equal(error.code, "test-unsafe");
    assert.match(error.message, message);
    assert.match(error.details.remedy, /Choose another place\.$/);
    return true;
  });

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

test("a directory is made private whatever the umask, with those above it", () => {
  const before = process.umask(0);
  try {
    assert.equal(privateDirectory(join(place, "a/b/c"), REFUSAL), join(place, "a/b/c"));
  } finally {
    process.umask(before);
  }
  for (const path of ["a", "a/b", "a/b/c"]) assert.equal(modeOf(join(place, path)), 0o700);
  privateDirectory(join(place, "a/b/c"), REFUSAL);
});

test("each permission that others have on a directory is refused, and left as it is", () => {
  const path = join(place, "d");
  mkdirSync(path);
  for (const mode of [0o701, 0o702, 0o704, 0o710, 0o720, 0o740, 0o755, 0o770, 0o1777]) {
    chmodSync(path, mode);
    refusedWith(() => privateDirectory(path, REFUSAL), /is open to other users \(mode 1?7\d\d\)/);
    assert.equal(modeOf(path), mode);
  }
  assert.throws(() => privateDirectory(path, REFUSAL), {
    details: { path, remedy: `If nobody else has used it: chmod 700 '${path}'. ${REFUSAL.otherwise}` },
  });
  chmodSync(path, 0o700);
  privateDirectory(path, REFUSAL);
});

test("a link, a file or a pipe in a directory's place is refused; a link above it is not", () => {
  mkdirSync(join(place, "real"), { mode: 0o700 });
  symlinkSync("real", join(place, "link"));
  symlinkSync("nowhere", join(place, "dangling"));
  writeFileSync(join(place, "file"), "");
  execFileSync("mkfifo", [join(place, "pipe")]);
  refusedWith(() => privateDirectory(join(place, "link"), REFUSAL), /is a symbolic link/);
  refusedWith(() => privateDirectory(join(place, "dangling"), REFUSAL), /is a symbolic link/);
  refusedWith(() => privateDirectory(join(place, "file"), REFUSAL), /is not a directory/);
  refusedWith(() => privateDirectory(join(place, "pipe"), REFUSAL), /is not a directory/);
  assert.equal(privateDirectory(join(place, "link/inner"), REFUSAL), join(place, "real/inner"));
  assert.throws(() => privateDirectory(join(place, "file/inner"), REFUSAL), { code: "ENOTDIR" });
});

test("what belongs to another user is refused", { skip: !isRoot && "only root can give files away" }, () => {
  privateDirectory(join(place, "d"), REFUSAL);
  chownSync(join(place, "d"), NOBODY, NOBODY);
  refusedWith(() => privateDirectory(join(place, "d"), REFUSAL), /belongs to another user/);
  keyFile(join(place, "key"), () => Buffer.from("k"), REFUSAL);
  chownSync(join(place, "key"), NOBODY, NOBODY);
  refusedWith(() => readKeyFile(join(place, "key"), REFUSAL), /belongs to another user/);
  refusedWith(() => privateFile(join(place, "key"), REFUSAL), /belongs to another user/);
});

test("a key is made once, complete and private", () => {
  const path = join(place, "key");
  assert.equal(readKeyFile(path, REFUSAL), undefined);
  assert.equal(keyFile(path, () => Buffer.from("first"), REFUSAL).toString(), "first");
  assert.equal(keyFile(path, () => Buffer.from("second"), REFUSAL).toString(), "first");
  assert.equal(modeOf(path), 0o600);
  assert.deepEqual(readdirSync(place), ["key"]);
});

test("a key that others may use, a link, a pipe, a directory or a large file is refused", () => {
  const path = join(place, "key");
  keyFile(path, () => Buffer.from("k"), REFUSAL);
  for (const mode of [0o601, 0o604, 0o620, 0o640, 0o644, 0o666]) {
    chmodSync(path, mode);
    refusedWith(() => readKeyFile(path, REFUSAL), /is open to other users \(mode 6\d\d\)/);
    refusedWith(() => keyFile(path, () => assert.fail("made anew"), REFUSAL), /is open to other users/);
  }
  chmodSync(path, 0o600);
  symlinkSync("key", join(place, "link"));
  refusedWith(() => keyFile(join(place, "link"), () => Buffer.from("x"), REFUSAL), /is a symbolic link/);
  execFileSync("mkfifo", ["-m", "600", join(place, "pipe")]);
  refusedWith(() => keyFile(join(place, "pipe"), () => Buffer.from("x"), REFUSAL), /is not a file/);
  mkdirSync(join(place, "directory"), { mode: 0o700 });
  refusedWith(() => keyFile(join(place, "directory"), () => Buffer.from("x"), REFUSAL), /is not a file/);
  writeFileSync(path, Buffer.alloc(1024 * 1024));
  refusedWith(() => readKeyFile(path, REFUSAL), /which is no key/);
});

test("processes that make a key at once all get the same one", async () => {
  const module = fileURLToPath(new URL("./private-files.ts", import.meta.url));
  const script = `
    const { keyFile } = await import(${JSON.stringify(module)});
    const { randomBytes } = await import("node:crypto");
    process.stdout.write(keyFile(${JSON.stringify(join(place, "key"))}, () => randomBytes(32), ${JSON.stringify(REFUSAL)}).toString("hex"));`;
  const { spawn } = await import("node:child_process");
  const keys = await Promise.all(
    Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      return new Promise<string>((resolve) => child.on("close", () => resolve(text)));
    }),
  );
  assert.equal(new Set(keys).size, 1);
  assert.equal(keys[0], readFileSync(join(place, "key")).toString("hex"));
  assert.deepEqual(readdirSync(place), ["key"]);
});

test("a file that something else will open is made private; one that others could write is refused", () => {
  const path = join(place, "data");
  privateFile(path, REFUSAL);
  assert.equal(modeOf(path), 0o600);
  writeFileSync(path, "kept");
  chmodSync(path, 0o644);
  privateFile(path, REFUSAL);
  assert.equal(modeOf(path), 0o600);
  assert.equal(readFileSync(path, "utf8"), "kept");
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(path, mode);
    refusedWith(() => privateFile(path, REFUSAL), /is open to other users/);
  }
  symlinkSync("elsewhere", join(place, "link"));
  refusedWith(() => privateFile(join(place, "link"), REFUSAL), /is a symbolic link/);
  assert.ok(!existsSync(join(place, "elsewhere")));
});
