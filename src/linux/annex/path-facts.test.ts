import assert from "node:assert/strict";
import { closeSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { MemoryMap } from "../../vmm/host/memory-map.ts";
import { GuestMemory, memfdCreate } from "../../vmm/index.ts";
import { ROOT } from "../vfs/credentials.ts";
import { MountPlan } from "../vfs/mounts.ts";
import { temporaryDirectory } from "../vfs/testing/fixtures.ts";
import { Vfs } from "../vfs/vfs.ts";
import { Facts, PathFact } from "./layout.ts";
import { PathFacts } from "./path-facts.ts";

const MEMORY_BYTES = 1 << 20;
const AT_FDCWD = -100;
const FILES = 500;
/** More than a directory may have whose names are told. */
const MANY = 4097;

/** Counts how often a whole directory is gone through. */
class CountingVfs extends Vfs {
  listings = 0;

  override foreseeNames(...[directory, namesMax]: Parameters<Vfs["foreseeNames"]>): string[] | undefined {
    this.listings++;
    return super.foreseeNames(directory, namesMax);
  }
}

describe("telling names beforehand", () => {
  const host = temporaryDirectory();
  const many = temporaryDirectory();
  let plan: MountPlan;
  let fd: number;
  let memory: GuestMemory;
  let vfs: CountingVfs;
  let facts: PathFacts;

  before(() => {
    for (let i = 0; i < FILES; i++) writeFileSync(join(host.path, `${i}`), "");
    for (let i = 0; i < MANY; i++) writeFileSync(join(many.path, `${i}`), "");
    plan = new MountPlan([
      { guest: "/w", kind: "overlay", host: host.path },
      { guest: "/many", kind: "overlay", host: many.path },
    ]);
    fd = memfdCreate("ztl-test", MEMORY_BYTES);
    memory = new GuestMemory(new MemoryMap(fd, MEMORY_BYTES, "shared"));
  });
  after(() => {
    memory.close();
    closeSync(fd);
    plan.close();
    host.dispose();
    many.dispose();
  });
  beforeEach(() => {
    memory.bytes.fill(0);
    vfs = new CountingVfs({ plan });
    facts = new PathFacts(memory, () => vfs);
  });

  /** As a program asks: what was told is answered in the guest. */
  const ask = (name: string, directory = "/w"): void => {
    const path = `${directory}/${name}`;
    const at = Buffer.from(memory.bytes.buffer).indexOf(`${path}\0`);
    if (at >= 0) facts.asked((at - PathFact.name - Facts.paths) / PathFact.bytes);
    else facts.looked(AT_FDCWD, path, vfs.resolveFromRoot(path), ROOT);
  };
  const listed = () => vfs.list(vfs.resolveFromRoot("/w")).map(({ name }) => name);
  /** Each once, and never one behind the other in whatever order: 217 has no divisor in common with their number. */
  const inNoOrder = () => listed().map((_, i, names) => names[(i * 217) % FILES] as string);

  it("goes through a directory once for a program that asks for one name after another", () => {
    for (const names of [listed(), listed().sort()]) {
      vfs.listings = 0;
      facts.clear();
      for (const name of names) ask(name);
      assert.equal(vfs.listings, 1);
    }
  });

  it("goes through it once as well for one that asks in no order", () => {
    for (const name of inNoOrder()) ask(name);
    assert.equal(vfs.listings, 1);
  });

  it("leaves one alone that has too many, once asking for its names was of no use", () => {
    for (let i = 0; i < 40; i++) ask(String(i), "/many");
    // For 8 names, for 4, 2 and 1.
    assert.equal(vfs.listings, 4);
  });

  it("goes through it anew after a change", () => {
    const names = listed();
    for (const name of names.slice(0, 3)) ask(name);
    facts.clear();
    for (const name of names.slice(100, 103)) ask(name);
    assert.equal(vfs.listings, 2);
  });
});
