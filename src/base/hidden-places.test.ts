import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { HiddenPlaces, kernelMounts } from "./hidden-places.ts";

const base = mkdtempSync(join(tmpdir(), "ztl-hidden-"));
after(() => rmSync(base, { recursive: true, force: true }));
const cache = join(base, "home", "cache");
mkdirSync(join(cache, "templates", "one"), { recursive: true });
for (const file of ["key", "templates/one/image"]) writeFileSync(join(cache, file), file);
mkdirSync(join(base, "project"));

function covers(places: HiddenPlaces, path: string): boolean {
  return places.covers(statSync(path, { bigint: true }));
}

test("a mount is inside a hidden place, around it, or neither, by whatever name", () => {
  symlinkSync(cache, join(base, "link"));
  symlinkSync(base, join(base, "project", "up"));
  const places = HiddenPlaces.of([join(base, "link")]);
  const kindOf = (path: string): string | undefined => places.relationOf(path)?.kind;
  for (const path of ["link", "home/cache", "home/cache/key", "link/templates/one/image", "home/cache/not-there/yet"])
    assert.equal(kindOf(join(base, path)), "inside", path);
  for (const path of ["", "home", "project/up", "project/up/home"])
    assert.equal(kindOf(join(base, path)), "around", path);
  assert.equal(kindOf("/"), "around");
  for (const path of ["project", "home/cache-of-others", "nowhere"])
    assert.equal(kindOf(join(base, path)), undefined, path);
});

test("what is in it is recognised under a second name, and where it was moved to", () => {
  const places = HiddenPlaces.of([cache]);
  linkSync(join(cache, "key"), join(base, "project", "innocent"));
  assert.equal(covers(places, join(base, "project", "innocent")), true);
  assert.equal(places.relationOf(join(base, "project", "innocent"))?.kind, "inside");
  renameSync(join(cache, "templates"), join(base, "project", "moved"));
  for (const path of ["moved", "moved/one", "moved/one/image"])
    assert.equal(covers(places, join(base, "project", path)), true);
  assert.equal(covers(places, join(base, "project")), false);
  renameSync(join(base, "project", "moved"), join(cache, "templates"));
});

test("a place that is made later is known when it is looked for again, a new file with an old inode's number is not", () => {
  const later = join(base, "home", "state");
  const places = HiddenPlaces.of([later]);
  mkdirSync(later);
  assert.equal(covers(places, later), false);
  places.refresh();
  assert.equal(covers(places, later), true);
  const { dev, ino, birthtimeNs } = statSync(later, { bigint: true });
  assert.equal(places.covers({ dev, ino, birthtimeNs: birthtimeNs + 1n }), false);
});

test("the kernel's own file systems are hidden as a whole, wherever they are mounted", () => {
  const places = HiddenPlaces.of([], kernelMounts());
  for (const path of ["/proc", "/proc/self/environ", "/sys", "/sys/kernel"]) {
    assert.equal(places.relationOf(path)?.kind, "inside", path);
    assert.equal(covers(places, path), true, path);
  }
  for (const path of ["/", "/tmp", "/usr/bin", base]) {
    assert.notEqual(places.relationOf(path)?.kind, "inside", path);
    assert.equal(covers(places, path), false, path);
  }
});
