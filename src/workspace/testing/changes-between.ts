import * as fs from "node:fs";
import type { ProposedChange } from "../index.ts";
import { sha256 } from "./tree.ts";

/** Where every test's guest sees its host directory. */
export const GUEST_ROOT = "/project";

/** Not the product's way to find changes: a plain comparison of two directories. */
export function changesBetween(host: string, guest: string): ProposedChange[] {
  const changes: ProposedChange[] = [];
  const firstNames = namesOfKeptFiles(host, guest);
  const compare = (path: string): void => {
    const before = look(host, path);
    const after = look(guest, path);
    const guestPath = GUEST_ROOT + path;
    const named = {
      path: Buffer.from(guestPath, "latin1").toString("utf8"),
      pathBytes: Buffer.from(guestPath, "latin1"),
    };
    if (before !== undefined && before.type !== after?.type) {
      changes.push({
        ...named,
        kind: "delete",
        fileType: before.type,
        ...(before.sha256 && { baseSha256: before.sha256 }),
      });
    }
    if (after !== undefined) {
      const kind = before?.type === after.type ? "modify" : "add";
      const isSame = kind === "modify" && before?.sha256 === after.sha256 && before?.target === after.target;
      if (!isSame || before?.mode !== after.mode || before.uid !== after.uid || before.gid !== after.gid) {
        const { mode, uid, gid } = after;
        const first = after.ino === undefined ? undefined : firstNames.get(after.ino);
        if (!isSame && after.ino !== undefined) firstNames.set(after.ino, first ?? guestPath);
        changes.push({
          ...named,
          ...{ kind, fileType: after.type, mode, uid, gid },
          ...(before?.sha256 && kind === "modify" && { baseSha256: before.sha256 }),
          ...(after.target !== undefined && {
            symlinkTarget: Buffer.from(after.target, "latin1").toString("utf8"),
            symlinkTargetBytes: Buffer.from(after.target, "latin1"),
          }),
          ...(isSame ? { metadataOnly: true as const } : {}),
          ...(!isSame && after.content !== undefined && { content: after.content, newSha256: after.sha256 as string }),
          ...(!isSame && first !== undefined && { linkOf: first, linkOfBytes: Buffer.from(first, "latin1") }),
        });
      }
    }
    const names = new Set([...(before?.names ?? []), ...(after?.names ?? [])]);
    for (const name of [...names].sort()) compare(`${path}/${name}`);
  };
  compare("");
  return changes;
}

/** By inode, a name in the guest's tree of each file with several that is what it was on the host. */
function namesOfKeptFiles(host: string, guest: string): Map<number, string> {
  const names = new Map<number, string>();
  const visit = (path: string): void => {
    const now = look(guest, path);
    const isKept = now?.ino !== undefined && look(host, path)?.sha256 === now.sha256;
    if (isKept) names.set(now.ino as number, GUEST_ROOT + path);
    for (const name of now?.names ?? []) visit(`${path}/${name}`);
  };
  visit("");
  return names;
}

interface Seen {
  readonly type: ProposedChange["fileType"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sha256?: string;
  readonly content?: Buffer;
  readonly ino?: number;
  readonly target?: string;
  readonly names?: readonly string[];
}

function look(directory: string, path: string): Seen | undefined {
  const place = Buffer.concat([Buffer.from(directory), Buffer.from(path, "latin1")]);
  let status: fs.Stats;
  try {
    status = fs.lstatSync(place);
  } catch {
    return undefined;
  }
  const facts = { mode: status.mode & 0o7777, uid: status.uid, gid: status.gid };
  if (status.isSymbolicLink())
    return { ...facts, type: "symlink", target: fs.readlinkSync(place, { encoding: "latin1" }) };
  if (status.isDirectory())
    return { ...facts, type: "directory", names: fs.readdirSync(place, { encoding: "latin1" }) };
  if (!status.isFile()) return { ...facts, type: "fifo" };
  const content = fs.readFileSync(place);
  return { ...facts, type: "file", content, sha256: sha256(content), ...(status.nlink > 1 && { ino: status.ino }) };
}
