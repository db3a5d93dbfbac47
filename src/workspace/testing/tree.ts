import { createHash } from "node:crypto";
import * as fs from "node:fs";

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
  return content.length < 200 ? JSON.stringify(content.toString("latin1")) : `${content.length} ${sha256(content)}`;
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
