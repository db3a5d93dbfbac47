import * as fs from "node:fs";
import { type ByteString, byteStringOf } from "../../byte-string.ts";
import type { Attributes, Layer, LayerEntry, LayerNode } from "../layer.ts";
import { LayerWriter } from "../writer.ts";

/** The layer that makes one directory look like another: written for tests, from what the two natively hold. */
export async function layerOfDifference(host: string, wanted: string, segment: string): Promise<Layer> {
  const writer = await LayerWriter.create(segment);
  const entries: LayerEntry[] = [];
  const groups = new Map<bigint, number>();
  const seen = namesOfInodes(wanted);

  const nodeOf = async (path: Buffer, stat: fs.BigIntStats): Promise<LayerNode> => {
    const attributes = attributesOf(stat);
    if (stat.isDirectory()) return { type: "directory", isOpaque: true, attributes };
    if (stat.isSymbolicLink())
      return { type: "symlink", target: byteStringOf(fs.readlinkSync(path, "buffer")), ...attributes };
    if (stat.nlink > 1 && !groups.has(stat.ino)) groups.set(stat.ino, groups.size + 1);
    return {
      type: "file",
      ...attributes,
      content: await writer.addContent(fs.readFileSync(path)),
      ...(stat.nlink > 1 && { linkGroup: groups.get(stat.ino) as number, links: seen.get(stat.ino) ?? 1 }),
    };
  };
  /** `below` is undefined where the host has nothing that shows through. */
  const compare = async (path: Buffer, below: Buffer | undefined, name: ByteString): Promise<void> => {
    const now = lstat(path);
    const before = below && lstat(below);
    if (now === undefined) {
      if (before !== undefined) entries.push({ path: name, node: { type: "absent" } });
      return;
    }
    const isMerged = now.isDirectory() && before?.isDirectory() === true;
    if (isMerged && !sameAttributes(now, before))
      entries.push({ path: name, node: { type: "directory", isOpaque: false, attributes: attributesOf(now) } });
    if (!isMerged && !(below && before && isSame(path, now, below, before)))
      entries.push({ path: name, node: await nodeOf(path, now) });
    if (!now.isDirectory()) return;
    const names = new Set([...namesOf(path), ...(isMerged && below ? namesOf(below) : [])]);
    for (const child of names) {
      const bytes = Buffer.from(`/${child}`, "latin1");
      await compare(
        Buffer.concat([path, bytes]),
        isMerged && below ? Buffer.concat([below, bytes]) : undefined,
        `${name}/${child}` as ByteString,
      );
    }
  };
  await compare(Buffer.from(wanted), Buffer.from(host), byteStringOf(fs.realpathSync(host, "buffer")));
  return await writer.finish(entries);
}

function lstat(path: Buffer): fs.BigIntStats | undefined {
  return fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function namesOf(path: Buffer): string[] {
  return fs.readdirSync(path, { encoding: "buffer" }).map((name) => name.toString("latin1"));
}

function attributesOf(stat: fs.BigIntStats): Attributes {
  return { mode: Number(stat.mode) & 0o7777, uid: Number(stat.uid), gid: Number(stat.gid), mtimeNs: stat.mtimeNs };
}

function sameAttributes(a: fs.BigIntStats, b: fs.BigIntStats): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

/** Files with several names are always in the layer, since all of their names have to be. */
function isSame(path: Buffer, now: fs.BigIntStats, below: Buffer, before: fs.BigIntStats): boolean {
  if (!sameAttributes(now, before) || now.isFile() !== before.isFile()) return false;
  if (now.isSymbolicLink())
    return before.isSymbolicLink() && fs.readlinkSync(path, "latin1") === fs.readlinkSync(below, "latin1");
  if (now.nlink > 1 || before.nlink > 1) return false;
  return fs.readFileSync(path).equals(fs.readFileSync(below));
}

function namesOfInodes(directory: string): ReadonlyMap<bigint, number> {
  const names = new Map<bigint, number>();
  const visit = (path: Buffer): void => {
    const stat = lstat(path);
    if (stat?.isFile()) names.set(stat.ino, (names.get(stat.ino) ?? 0) + 1);
    if (!stat?.isDirectory()) return;
    for (const name of namesOf(path)) visit(Buffer.concat([path, Buffer.from(`/${name}`, "latin1")]));
  };
  visit(Buffer.from(directory));
  return names;
}
