import { sha256Hex } from "../../base/sha256.ts";
import { annexDigest, type MountSpec } from "../../linux/index.ts";
import type { ToolName } from "../call.ts";
import type { GuestIdentity } from "../guest-tree.ts";

/** A program as the guest's kernel starts it. */
export interface ProgramSpec {
  /** Looked up in the PATH of `env` when it has no slash. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** How to make the snapshot that a tool's calls start from. Plain data: it is sent to cells and hashed. */
export interface TemplateRecipe {
  readonly name: ToolName;
  /** Guest memory, the most a run may have. */
  readonly memoryBytes: number;
  readonly identity: GuestIdentity;
  /** The template's own part of the file tree; a sandbox adds the caller's mounts when it runs. */
  readonly mounts: readonly MountSpec[];
  /**
   * `job`: this program is run until it waits for its job, and sealed there. `prime`: these programs are run to their
   * end, so that the files they need are in the sealed page cache; each call then starts its own program.
   */
  readonly start:
    | { readonly kind: "job"; readonly program: ProgramSpec }
    | { readonly kind: "prime"; readonly programs: readonly ProgramSpec[] };
  /** Host files and directories the template depends on beyond the files it read. */
  readonly watch: readonly string[];
}

/** Raised whenever the meaning of a template's parts changes: older ones on disk are then rebuilt. */
export const TEMPLATE_FORMAT = 4;

/**
 * Names the template's content: everything that goes into making it, but not the host files it reads. Versions with other code inside the
 * guest have templates of their own: two on one machine would replace each other's, and no run could be replayed.
 */
export function recipeKey(recipe: TemplateRecipe): string {
  return sha256Hex(JSON.stringify([TEMPLATE_FORMAT, annexDigest, recipe])).slice(0, 32);
}
