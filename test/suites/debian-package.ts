import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Unpacks a package of the distribution below a directory, without installing it; kept there for the next time. Throws when it cannot be had. */
export function unpackPackage(name: string, directory: string): string {
  const unpacked = join(directory, name);
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(directory, { recursive: true });
  run("apt-get", ["-q", "download", name], directory);
  const archive = readdirSync(directory).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"));
  if (archive === undefined) throw new Error(`apt-get fetched no package ${name}`);
  const draft = `${unpacked}.draft`;
  rmSync(draft, { recursive: true, force: true });
  run("dpkg-deb", ["-x", archive, draft], directory);
  run("mv", [draft, unpacked], directory);
  return unpacked;
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${error?.message ?? stderr.trim()}`);
}
