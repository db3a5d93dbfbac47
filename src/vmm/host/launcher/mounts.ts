import { existsSync } from "node:fs";
import { isWithin, realPathOf } from "../../../base/paths.ts";
import type { LaunchOptions } from "./launch.ts";
import { addMappedBind } from "./mapped-bind.ts";
import { planRoot, type RootEntry } from "./root.ts";
import { Call } from "./system-calls.ts";
import type { CallTable } from "./table.ts";

/** linux/mount.h */
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;
const MNT_DETACH = 2;
const MountAttribute = { readOnly: 1, noSetuid: 2, noDevices: 4, noExecution: 8 } as const;
/** linux/fcntl.h */
const AT_FDCWD = -100;
const AT_RECURSIVE = 0x8000;
/** linux/stat.h */
const S_IFREG = 0o100000;

/** The root holds names only, each once; far more than any list of mounts comes to. */
const ROOT_OPTIONS = "mode=0755,size=1m,nr_inodes=65536";

/**
 * Puts the process into a root of its own (mount_namespaces(7), pivot_root(2)): what the guest is shown and what Node needs,
 * nothing else, read-only but for `writable`. The host's other files have no name there.
 */
export function addMountNamespace(table: CallTable, options: LaunchOptions): void {
  const { readable, own, writable, layers } = options;
  const at = (path: string): number => table.text(path);
  const mount = (name: string, source: string, target: string, flags: number, fileSystem = "", data = ""): void => {
    const texts = [at(source), at(target), fileSystem === "" ? 0 : at(fileSystem), flags, data === "" ? 0 : at(data)];
    table.call(name, Call.mount, texts);
  };
  const empty = (target: string): void =>
    mount("an empty root", "tmpfs", target, MS_NOSUID | MS_NODEV, "tmpfs", ROOT_OPTIONS);
  const restrict = (path: string, attributes: number): void => {
    // struct mount_attr: set, clear, propagation, user namespace.
    const bytes = table.bytes(new Uint8Array(BigUint64Array.of(BigInt(attributes), 0n, 0n, 0n).buffer));
    table.call(`restrict ${path}`, Call.mountSetattr, [AT_FDCWD, at(path), AT_RECURSIVE, bytes, 32]);
  };
  /** A path that has gone since it was looked for is missing inside, too. */
  const shown = planRoot(readable).binds;
  const bind = (path: string): void => {
    if (layers.has("uid")) {
      const required = path === writable || shown.some((one) => isWithin(one.path, path));
      addMappedBind(table, { from: `/old${path}`, to: `/new${path}`, required });
      return;
    }
    const from = at(`/old${path}`);
    table.call(`bind ${path}`, Call.mount, [from, at(`/new${path}`), 0, MS_BIND | MS_REC, 0], { onError: "next" });
  };

  // The host's tree moves aside, to /old, so that all of it can be bound from there whatever it holds.
  mount("private mounts", "none", "/", MS_REC | MS_PRIVATE);
  const stage = ["/tmp", "/run", "/proc"].find((path) => existsSync(path)) ?? "/";
  empty(stage);
  table.call("enter the stage", Call.chdir, [at(stage)]);
  for (const name of ["old", "new"]) table.call("make a place", Call.mkdir, [at(name), 0o755]);
  table.call("move aside", Call.pivotRoot, [at("."), at("old")]);
  table.call("enter the stage again", Call.chdir, [at("/")]);
  empty("/new");

  const { binds, entries } = planRoot([...readable, ...own.executable, ...own.readable, "/dev/null"]);
  for (const entry of entries) addEntry(table, entry);
  for (const { path } of binds) if (path !== "/dev/null") bind(path);
  addMasks(table, options, bind);
  const { readOnly, noSetuid, noDevices, noExecution } = MountAttribute;
  restrict("/new", readOnly | noSetuid | noDevices | noExecution);
  for (const { path } of planRoot(own.executable).binds) {
    bind(path);
    restrict(`/new${path}`, readOnly | noSetuid | noDevices);
  }
  if (writable !== undefined) {
    bind(writable);
    restrict(`/new${writable}`, noSetuid | noDevices | noExecution);
  }
  bind("/dev/null");
  restrict("/new/dev/null", readOnly | noSetuid | noExecution);

  enterRoot(table);
}

function addEntry(table: CallTable, entry: RootEntry, onError: "die" | "next" = "die"): void {
  const path = table.text(`/new${entry.path}`);
  if (entry.kind === "link")
    table.call(`link ${entry.path}`, Call.symlink, [table.text(entry.target), path], { onError });
  else if (entry.kind === "directory") table.call(`make ${entry.path}`, Call.mkdir, [path, 0o755], { onError });
  else table.call(`make ${entry.path}`, Call.mknod, [path, S_IFREG | 0o444, 0], { onError });
}

/**
 * An empty directory over each place that is not to be seen although something around it is. What the cell itself needs from
 * in there, such as its compiled code, is bound again on top.
 */
function addMasks(
  table: CallTable,
  { readable, own, writable, masked = [] }: LaunchOptions,
  bind: (path: string) => void,
): void {
  const shown = planRoot(readable).binds;
  const masks = planRoot(masked).binds.filter(({ path, directory }) => {
    return directory && path !== "/" && shown.some((one) => one.path !== path && isWithin(path, one.path));
  });
  const isMasked = (path: string): boolean => masks.some((mask) => mask.path !== path && isWithin(path, mask.path));
  for (const { path } of masks) {
    const texts = ["tmpfs", `/new${path}`, "tmpfs"].map((text) => table.text(text)) as [number, number, number];
    // One that has gone since it was looked for hides nothing.
    table.call(`mask ${path}`, Call.mount, [...texts, MS_NOSUID | MS_NODEV, table.text(ROOT_OPTIONS)], {
      onError: "next",
    });
  }
  const needed = [...readable, ...own.executable, ...own.readable, ...(writable === undefined ? [] : [writable])];
  const inside = planRoot(needed.filter((path) => isMasked(realPathOf(path))));
  for (const entry of inside.entries) if (isMasked(entry.path)) addEntry(table, entry, "next");
  for (const { path } of inside.binds) if (isMasked(path)) bind(path);
}

/** The new root goes on top of the one before, which then is taken away from beneath (pivot_root(2), NOTES). */
function enterRoot(table: CallTable): void {
  const at = (path: string): number => table.text(path);
  table.call("enter the root", Call.chdir, [at("/new")]);
  table.call("change root", Call.pivotRoot, [at("."), at(".")]);
  table.call("drop the host's tree", Call.umount2, [at("."), MNT_DETACH]);
  table.call("enter the root again", Call.chdir, [at("/")]);
}
