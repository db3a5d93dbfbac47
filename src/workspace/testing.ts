import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ProposedChange } from "./changes/proposed-change.ts";
import { type Proposal, Workspace, type WorkspaceOptions } from "./index.ts";

/** A host directory, a copy of it that a run may change at will, and a workspace between the two. */
export interface World {
  readonly place: string;
  readonly host: string;
  readonly guest: string;
  readonly workspace: Workspace;
}

export const GUEST_ROOT = "/work";

export async function makeWorld(t: TestContext, options: Partial<WorkspaceOptions> = {}): Promise<World> {
  const place = temporaryDirectory(t);
  const host = join(place, "host");
  fs.mkdirSync(host);
  const workspace = await Workspace.open({ directory: join(place, "state"), ...options });
  t.after(() => workspace.close());
  return { place, host, guest: join(place, "guest"), workspace };
}

export function temporaryDirectory(t: TestContext): string {
  const place = fs.mkdtempSync(join(tmpdir(), "ztl-workspace-"));
  t.after(() => fs.rmSync(place, { recursive: true, force: true }));
  return place;
}

/** What a run would propose that did `change` to the directory: the host stays as it is, the copy shows what is expected. */
export function proposalOf(
  { host, guest }: Pick<World, "host" | "guest">,
  change: (directory: string) => void,
  more: Partial<Proposal> = {},
): Proposal {
  fs.rmSync(guest, { recursive: true, force: true });
  execFileSync("cp", ["-a", host, guest]);
  change(guest);
  return {
    runId: "run",
    agent: "agent",
    tool: "shell",
    command: "sh -c …",
    roots: [{ hostRoot: host, guestRoot: GUEST_ROOT }],
    changes: changesBetween(host, guest),
    ...more,
  };
}

/** Proposes, approves all of it, and syncs. */
export async function carryOut(world: World, change: (directory: string) => void): Promise<string> {
  const set = await world.workspace.propose(proposalOf(world, change));
  approveAll(world.workspace, set.id);
  const result = await world.workspace.sync(set.id);
  if (result.status !== "applied") throw new Error(JSON.stringify(result));
  return set.id;
}

export function approveAll(workspace: Workspace, id: string): void {
  const set = workspace.get(id);
  const protectedFiles = set?.entries.filter((entry) => entry.protectedBecause.length > 0).map(({ path }) => path);
  const result = workspace.approve(id, {
    hash: set?.hash ?? "",
    reviewer: "tester",
    protectedFiles: protectedFiles ?? [],
  });
  if (result.status !== "approved") throw new Error(JSON.stringify(result));
}

/** Everything about a tree that a sync should bring about: types, modes, owners, contents, targets, which names are one file. */
export function describeTree(directory: string): string[] {
  const inodes = new Map<number, string>();
  const visit = (path: Buffer, name: string): string[] => {
    const status = fs.lstatSync(path);
    const head = `${JSON.stringify(name)} ${status.uid}:${status.gid}`;
    if (status.isSymbolicLink()) return [`${head} -> ${fs.readlinkSync(path, { encoding: "latin1" })}`];
    const mode = (status.mode & 0o7777).toString(8);
    if (status.isDirectory()) {
      const names = fs.readdirSync(path, { encoding: "latin1" }).sort();
      const children = names.map((child) =>
        visit(Buffer.concat([path, Buffer.from(`/${child}`, "latin1")]), `${name}/${child}`),
      );
      return [`${head} ${mode} directory`, ...children.flat()];
    }
    if (!status.isFile()) return [`${head} ${mode} special`];
    const first = inodes.get(status.ino) ?? name;
    inodes.set(status.ino, first);
    return [`${head} ${mode} ${first === name ? contentOf(path) : `same file as ${JSON.stringify(first)}`}`];
  };
  return visit(Buffer.from(directory), "");
}

function contentOf(path: Buffer): string {
  const content = fs.readFileSync(path);
  return content.length < 200 ? JSON.stringify(content.toString("latin1")) : `${content.length} ${hash(content)}`;
}

/** Not the product's way to find changes: a plain comparison of two directories. */
export function changesBetween(host: string, guest: string): ProposedChange[] {
  const changes: ProposedChange[] = [];
  const firstNames = new Map<number, string>();
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
        if (kind === "add" && after.ino !== undefined) firstNames.set(after.ino, first ?? guestPath);
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
          ...(kind === "add" && first !== undefined && { linkOf: first, linkOfBytes: Buffer.from(first, "latin1") }),
        });
      }
    }
    const names = new Set([...(before?.names ?? []), ...(after?.names ?? [])]);
    for (const name of [...names].sort()) compare(`${path}/${name}`);
  };
  compare("");
  return changes;
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
  return { ...facts, type: "file", content, sha256: hash(content), ...(status.nlink > 1 && { ino: status.ino }) };
}

function hash(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
