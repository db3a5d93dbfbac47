import { join } from "node:path";
import type { ByteBudget } from "../budget.ts";
import { ROOT } from "../credentials.ts";
import { MountPlan, type MountSpec } from "../mounts.ts";
import { OpenFlag, Vfs } from "../vfs.ts";
import { buildSampleTree, readAll, temporaryDirectory } from "./fixtures.ts";

/** A host directory of every shape of file, and file systems that mount it; for the tests in this folder. */
export class SampleWorld {
  readonly host = temporaryDirectory();
  /** Closed with the world. */
  readonly plans: MountPlan[] = [];

  constructor() {
    buildSampleTree(this.host.path);
  }

  close(): void {
    for (const plan of this.plans) plan.close();
    this.host.dispose();
  }

  vfsOf(specs: readonly MountSpec[], budget?: ByteBudget): Vfs {
    const plan = new MountPlan(specs);
    this.plans.push(plan);
    return new Vfs(budget ? { plan, budget } : { plan });
  }

  /** One mount of each kind. */
  usual(): Vfs {
    const host = this.host.path;
    return this.vfsOf([
      { guest: "/ro", kind: "ro", host },
      { guest: "/w", kind: "overlay", host },
      { guest: "/w/mnt/deep", kind: "tmpfs" },
      { guest: "/etc/motd", kind: "file", content: "hé\n" },
      { guest: "/one", kind: "ro", host: join(host, "f") },
      { guest: "/bin", kind: "symlink", target: "ro/a" },
    ]);
  }
}

export function text(vfs: Vfs, path: string): string {
  return readAll(vfs.open(vfs.root, path, OpenFlag.readOnly, 0, ROOT).location).toString();
}

export function write(vfs: Vfs, path: string, content: string): void {
  const { location } = vfs.open(vfs.root, path, OpenFlag.writeOnly | OpenFlag.create, 0o644, ROOT);
  location.inode.write(Buffer.from(content), 0);
}

export const names = (vfs: Vfs, path: string): string[] =>
  vfs
    .list(vfs.resolveFromRoot(path))
    .map((entry) => entry.name)
    .sort();
