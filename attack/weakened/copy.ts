import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Edit } from "./weakening.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the attacks and the product need to run. */
const COPIED = ["src", "bin", "guest", "attack", "fuzz", "test", "package.json", "tsconfig.json", "SPECIFICATION.md"];

/** A temporary copy of this tree with edits made to it. */
export class WeakenedCopy implements Disposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), "ztl-weakened-"));

  /** Throws when a text to be replaced does not stand in its file exactly once. */
  constructor(edits: readonly Edit[]) {
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.directory, name), { recursive: true });
    symlinkSync(realpathSync(join(ROOT, "node_modules")), join(this.directory, "node_modules"));
    for (const edit of edits) this.#apply(edit);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #apply({ file, find, replace }: Edit): void {
    const path = join(this.directory, file);
    const parts = readFileSync(path, "utf8").split(find);
    if (parts.length !== 2) throw new Error(`${file}: expected "${find}" once; found it ${parts.length - 1} times`);
    writeFileSync(path, parts.join(replace));
  }
}
