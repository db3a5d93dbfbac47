import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { toByteString } from "../../base/byte-string.ts";
import { ABSENT_NAMES_MAX } from "./absent-names.ts";
import { HostShared, HostTree } from "./host-tree.ts";
import { MountPlan, Vfs } from "./index.ts";
import { temporaryDirectory } from "./testing/fixtures.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const host = temporaryDirectory();
after(() => host.dispose());

it("names that were not found are remembered within bounds, and found when the host makes them", () => {
  const tree = new HostTree(new HostShared(), host.path, toByteString("/w"));
  const run = (ask: (root: { lookup(name: string): unknown }) => void): void => {
    tree.begin(undefined);
    ask(tree.root());
  };
  run((root) => {
    for (let i = 0; i < 3 * ABSENT_NAMES_MAX; i++) assert.equal(root.lookup(`missing-${i}`), undefined);
  });
  assert.equal(tree.absent.size, ABSENT_NAMES_MAX);
  run((root) => {
    assert.equal(tree.absent.size, 0, "a run that filled the room leaves it empty");
    for (let i = 0; i < 100; i++) root.lookup(`missing-${i}`);
  });
  run(() => assert.ok(tree.absent.size <= 100));
  writeFileSync(`${host.path}/missing-1`, "here now");
  run((root) => assert.notEqual(root.lookup("missing-1"), undefined));
  tree.close();
});

it("a thousand runs that ask for names that are not there leave as many as one", () => {
  const plan = new MountPlan([{ guest: "/w", kind: "ro", host: host.path }]);
  let asked = 0;
  const run = (): void => {
    const vfs = new Vfs({ plan });
    for (let i = 0; i < 100; i++) vfs.child(vfs.resolveFromRoot(toByteString("/w")), `never-${asked++}`);
  };
  for (let i = 0; i < 1000; i++) run();
  collectGarbage();
  const heap = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1000; i++) run();
  collectGarbage();
  assert.ok(process.memoryUsage().heapUsed - heap < 2 ** 20);
  plan.close();
});
