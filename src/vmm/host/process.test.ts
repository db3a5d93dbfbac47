import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openBeneath, pollReadable, threadId } from "./process.ts";

let root: string;
let rootFd: number;

before(() => {
  root = mkdtempSync(join(tmpdir(), "ztl-beneath-"));
  mkdirSync(join(root, "dir"));
  writeFileSync(join(root, "dir", "file"), "content");
  symlinkSync("/etc/passwd", join(root, "absolute"));
  symlinkSync("dir", join(root, "link"));
  rootFd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
});

after(() => {
  closeSync(rootFd);
  rmSync(root, { recursive: true });
});

const open = (path: string) => openBeneath(rootFd, Buffer.from(path), constants.O_RDONLY);

test("openBeneath opens what lies beneath", () => {
  const fd = open("dir/file");
  assert.ok(fd >= 0);
  const buffer = Buffer.alloc(7);
  readSync(fd, buffer);
  assert.equal(buffer.toString(), "content");
  closeSync(fd);
});

test("openBeneath refuses every way out, as an errno", () => {
  assert.equal(open("../etc"), -18); // EXDEV
  assert.equal(open("/etc/passwd"), -18);
  assert.equal(open("dir/../../x"), -18);
  assert.equal(open("absolute"), -40); // ELOOP
  assert.equal(open("link/file"), -20); // ENOTDIR: a link is no directory to walk through
  assert.equal(open("dir/.."), -18);
  assert.equal(open("dir/../dir/file"), -18);
  assert.equal(open("missing"), -2); // ENOENT
  assert.equal(open("dir/file/x"), -20); // ENOTDIR
});

test("pollReadable waits for data or for the time", () => {
  const path = join(root, "fifo");
  execFileSync("mkfifo", [path]);
  const fifo = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  assert.equal(pollReadable(fifo, 0), false);
  assert.equal(pollReadable(fifo, 5), false);
  writeSync(fifo, "x");
  assert.equal(pollReadable(fifo, 0), true);
  assert.equal(pollReadable(fifo, -1), true);
  closeSync(fifo);
});

test("the main thread's id is the process id", () => {
  assert.equal(threadId(), process.pid);
});
