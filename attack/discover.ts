import { globSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Attack, AttackModule } from "./attack.ts";

/** Finds the attacks by their place: `attack/<letter>-<class>/<attack>.ts`. */

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));
const PLACE = /^([a-z]-[a-z0-9-]+)\/([a-z0-9-]+)\.ts$/;

export interface FoundAttack {
  /** `class/file` */
  readonly name: string;
  readonly className: string;
}

export interface LoadedAttack extends FoundAttack {
  readonly attack: Attack;
}

/** By name, in order. Files that end in `.helper.ts` are what attacks of a class share. */
export function findAttacks(): readonly FoundAttack[] {
  return globSync("[a-z]-*/*.ts", { cwd: DIRECTORY })
    .filter((path) => !path.endsWith(".helper.ts"))
    .sort()
    .map((path) => {
      const [, className, file] = PLACE.exec(path) ?? [];
      if (className === undefined || file === undefined) throw new Error(`attack/${path} is no name of an attack`);
      return { name: `${className}/${file}`, className };
    });
}

/** Throws when a file has no attack in it, or cannot be loaded. */
export async function loadAttack(found: FoundAttack): Promise<LoadedAttack> {
  const module = (await import(pathToFileURL(join(DIRECTORY, `${found.name}.ts`)).href)) as Partial<AttackModule>;
  if (module.attack === undefined) throw new Error(`attack/${found.name}.ts exports no \`attack\``);
  return { ...found, attack: module.attack };
}

/** `e` and `e-cpu-and-vm` both name a class. */
export function isOfClass({ className }: FoundAttack, wanted: string): boolean {
  return className === wanted || className.startsWith(`${wanted.toLowerCase()}-`);
}
