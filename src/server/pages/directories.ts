import { html } from "hono/html";
import { inSlices } from "../../base/pace.ts";
import type { FileChange } from "../../loop/index.ts";
import { DIRECTORIES_LISTED_MAX, NAME_CHARACTERS_MAX } from "../limits.ts";
import type { Html } from "../show/html.ts";
import { plural } from "../show/quantities.ts";
import { foreign } from "../show/visible.ts";

/** A directory with several of a change set's files, and not all of them. */
export interface Directory {
  readonly path: string;
  readonly count: number;
  readonly protectedCount: number;
}

/** Those that hold the most, the upper ones first; forms name them by their place here, for their names are the guest's choice. */
export async function directoriesOf(files: readonly FileChange[]): Promise<readonly Directory[]> {
  const counts = new Map<string, { count: number; protectedCount: number }>();
  await inSlices(files, (file) => {
    for (const path of around(file)) {
      const known = counts.get(path) ?? { count: 0, protectedCount: 0 };
      known.count++;
      if (file.protectedBecause !== undefined) known.protectedCount++;
      counts.set(path, known);
    }
  });
  const found: Directory[] = [];
  await inSlices(counts, ([path, counted]) => {
    if (counted.count > 1 && counted.count < files.length) found.push({ path, ...counted });
  });
  const depth = ({ path }: Directory): number => path.split("/").length;
  const first = (a: Directory, b: Directory): number =>
    depth(a) - depth(b) || b.count - a.count || (a.path < b.path ? -1 : 1);
  return found.sort(first).slice(0, DIRECTORIES_LISTED_MAX);
}

/** What somebody agrees to who agrees to a directory, path by path: all in it, itself, and new directories that it needs to be in. */
export async function filesOf(files: readonly FileChange[], { path: directory }: Directory): Promise<string[]> {
  const chosen: string[] = [];
  await inSlices(files, ({ path, fileType, change }) => {
    const isNeeded = fileType === "directory" && change !== "delete" && directory.startsWith(`${path}/`);
    if (path === directory || path.startsWith(`${directory}/`) || isNeeded) chosen.push(path);
  });
  return chosen;
}

/** Of a directory that is changed itself, that too. */
function* around({ path, fileType }: FileChange): Generator<string> {
  if (fileType === "directory") yield path;
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) yield path.slice(0, end);
}

export function directoriesSection(directories: readonly Directory[]): Html {
  if (directories.length === 0) return html``;
  return html`<details class="directories" id="directories"><summary>Whole directories</summary>
    <p class="aside">Agreeing to one is agreeing to each file that is listed below it here and now; the ledger names them one by one.</p>
    <ul>${directories.map(
      ({ path, count, protectedCount }, number) =>
        html`<li><code>${foreign(path, NAME_CHARACTERS_MAX)}</code> ${plural(count, "file")}${protectedCount === 0 ? "" : html`, <span class="badge bad">${protectedCount} protected</span>`}
        <button name="directory" value="${number}">Agree to this directory</button></li>`,
    )}</ul></details>`;
}
