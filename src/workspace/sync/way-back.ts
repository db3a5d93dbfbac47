import { inSlices, Pace } from "../../base/pace.ts";
import type { NodeState } from "../changes/node-state.ts";
import type { RootDirectory } from "../files/root-directory.ts";
import { type Aside, AsideList } from "./aside.ts";
import { placeKey } from "./check.ts";
import type { Step } from "./plan.ts";
import type { Staging } from "./staging.ts";
import type { StepPlace } from "./step.ts";
import { spareWritten, takeBack } from "./take-back.ts";

export interface WayBack {
  readonly steps: readonly Step[];
  readonly objects: readonly NodeState[];
  readonly rootPaths: readonly string[];
  readonly directories: readonly RootDirectory[];
  readonly stagingOf: (root: number) => Staging;
}

/** Takes steps back from the last to the first, whether they were begun or not, but for what somebody has changed since. */
export async function takeAllBack({ steps, objects, rootPaths, directories, stagingOf }: WayBack): Promise<Aside> {
  const spared = new AsideList();
  const removed = new Set<string>();
  await inSlices(steps, ({ do: kind, root, path }) => {
    if (kind.startsWith("remove")) removed.add(placeKey(root, path));
  });
  const pace = new Pace();
  for (let number = steps.length - 1; number >= 0; number--) {
    if (pace.isOver) await pace.rest();
    const step = steps[number] as Step;
    const { root, path } = step;
    const found = await takeBack(step, {
      directory: directories[root] as RootDirectory,
      staging: stagingOf(root),
      number,
      objects,
      isRemovedFirst: removed.has(placeKey(root, path)),
    });
    const rootPath = rootPaths[root] ?? "";
    // A directory that stays because of what is in it is told by that.
    const isTold = step.do === "make-directory" && spared.hasBelow(rootPath, path);
    if (found !== undefined && !isTold) spared.add(rootPath, found);
  }
  return spared.aside;
}

export interface Kept {
  readonly steps: readonly Step[];
  readonly found: readonly string[];
  readonly rootPaths: readonly string[];
  /** Undefined when what was kept there is gone already. */
  readonly placeOf: (step: Step, number: number) => StepPlace | undefined;
}

/** All that was replaced or removed, and written to since. */
export async function spareAllWritten({ steps, found, rootPaths, placeOf }: Kept): Promise<Aside> {
  const spared = new AsideList();
  await inSlices(steps, (step, number) => {
    const place = placeOf(step, number);
    const written = place === undefined ? undefined : spareWritten(step, place, found[number] ?? "");
    if (written !== undefined) spared.add(rootPaths[step.root] ?? "", written);
  });
  return spared.aside;
}
