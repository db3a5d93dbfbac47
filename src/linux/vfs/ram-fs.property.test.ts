import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { applyChanges } from "./apply-changes.ts";
import { type Credentials, ROOT } from "./credentials.ts";
import { MountPlan } from "./mounts.ts";
import {
  buildSampleTree,
  guestPicture,
  hostPicture,
  outcomeOf,
  type Picture,
  temporaryDirectory,
} from "./testing/fixtures.ts";
import {
  asUser,
  CALLER,
  copyTree,
  isRoot,
  NOBODY,
  type Operation,
  onGuest,
  onHost,
  operation,
} from "./testing/operations.ts";
import { OpenFlag, Vfs } from "./vfs.ts";

/** The same operations on an overlay and on a real directory must have the same outcomes and leave the same tree. */

/** Sequences tried per property; more with VFS_RUNS when the code they test changes. */
const RUNS = Number(process.env.VFS_RUNS ?? 120);

describe("a file system in RAM", () => {
  const lower = temporaryDirectory();
  const work = temporaryDirectory();
  const plan = new MountPlan([{ guest: "/w", kind: "overlay", host: lower.path }]);
  let umask = 0;
  let basePicture: Picture;
  let untouched: Picture;
  let runs = 0;

  before(() => {
    umask = process.umask(0);
    buildSampleTree(lower.path);
    if (isRoot) {
      fs.chownSync(join(lower.path, "a"), NOBODY.uid, NOBODY.gid);
      fs.chownSync(join(lower.path, "f"), NOBODY.uid, NOBODY.gid);
      fs.chmodSync(join(lower.path, "c"), 0o1777);
      fs.chmodSync(join(lower.path, "c/h"), 0o666);
    }
    fs.chmodSync(lower.path, 0o777);
    fs.chmodSync(work.path, 0o777);
    basePicture = hostPicture(lower.path);
    untouched = hostPicture(lower.path, { identity: true });
  });
  after(() => {
    process.umask(umask);
    plan.close();
    lower.dispose();
    work.dispose();
  });

  /** A copy of the lower tree with its links and owners. */
  function copyOfBase(): string {
    const target = join(work.path, String(runs++));
    copyTree(lower.path, target);
    return target;
  }

  function check(operations: readonly Operation[], credentials: Credentials): void {
    const vfs = new Vfs({ plan, uid: credentials.uid });
    compare(vfs, operations, credentials);
    checkChanges(vfs);
    assert.deepEqual(hostPicture(lower.path, { identity: true }), untouched, "the host tree was changed");
  }

  function checkTmpfs(operations: readonly Operation[], credentials: Credentials): void {
    const tmpfs = new MountPlan([{ guest: "/w", kind: "tmpfs", mode: 0o777 }]);
    const vfs = new Vfs({ plan: tmpfs, uid: credentials.uid });
    copyIntoGuest(lower.path, vfs, "/w");
    compare(vfs, operations, credentials);
    assert.deepEqual(vfs.collectChanges(), []);
  }

  function compare(vfs: Vfs, operations: readonly Operation[], credentials: Credentials): void {
    const real = copyOfBase();
    for (const [index, op] of operations.entries()) {
      const expected = asUser(credentials, () => outcomeOf(() => onHost(real, op)));
      const found = outcomeOf(() => onGuest(vfs, op, credentials));
      assert.equal(found, expected, `operation ${index}: ${JSON.stringify(op)}`);
    }
    assert.deepEqual(guestPicture(vfs, "/w", { links: true }), hostPicture(real, { links: true }));
    fs.rmSync(real, { recursive: true });
  }

  function checkChanges(vfs: Vfs): void {
    const changes = vfs.collectChanges();
    const view = guestPicture(vfs, "/w");
    const differing = [...new Set([...Object.keys(view), ...Object.keys(basePicture)])]
      .filter((entry) => view[entry] !== basePicture[entry])
      .map((entry) => `/w${entry}`);
    assert.deepEqual([...new Set(changes.map((change) => change.path))], differing.sort(), "exactly what differs");
    const copy = copyOfBase();
    applyChanges(changes, "/w", copy);
    assert.deepEqual(hostPicture(copy), view, "applying the changes gives the view");
    fs.rmSync(copy, { recursive: true });
  }

  const sequence = fc.array(operation, { minLength: 1, maxLength: 25 });

  it("behaves like a real directory, and its change set is exact", () => {
    fc.assert(
      fc.property(sequence, (operations) => check(operations, CALLER)),
      { numRuns: RUNS },
    );
  });

  it("behaves so on a tmpfs too", () => {
    fc.assert(
      fc.property(sequence, (operations) => checkTmpfs(operations, CALLER)),
      { numRuns: RUNS },
    );
  });

  const skip = isRoot ? false : "needs user 0, to act as another user on the real directory";
  it("checks permissions as Linux does", { skip }, () => {
    fc.assert(
      fc.property(sequence, (operations) => check(operations, NOBODY)),
      { numRuns: RUNS },
    );
  });
});

/** The same through the guest's own operations, as user 0. */
function copyIntoGuest(source: string, vfs: Vfs, target: string): void {
  const known = new Map<bigint, string>();
  const visit = (from: string, to: string): void => {
    const stat = fs.lstatSync(from, { bigint: true });
    const first = known.get(stat.ino);
    if (first !== undefined) {
      vfs.link(vfs.resolveFromRoot(first), vfs.root, to, ROOT);
      return;
    }
    if (stat.isDirectory()) {
      if (to !== target) vfs.mkdir(vfs.root, to, 0o777, ROOT);
      for (const child of fs.readdirSync(from)) visit(join(from, child), `${to}/${child}`);
    } else if (stat.isSymbolicLink()) vfs.symlink(fs.readlinkSync(from), vfs.root, to, ROOT);
    else {
      known.set(stat.ino, to);
      const { location } = vfs.open(vfs.root, to, OpenFlag.create | OpenFlag.writeOnly, 0o777, ROOT);
      location.inode.write(fs.readFileSync(from), 0);
    }
    const location = vfs.resolve(vfs.root, to, { followLast: false, credentials: ROOT });
    vfs.chown(location, Number(stat.uid), Number(stat.gid), ROOT);
    if (!stat.isSymbolicLink()) vfs.chmod(location, Number(stat.mode), ROOT);
  };
  visit(source, target);
}
