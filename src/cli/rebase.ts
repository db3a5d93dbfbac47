import { defined } from "../base/optional.ts";
import { terminalLine } from "../base/text/index.ts";
import type { RebaseOptions, RebaseResult } from "../loop/index.ts";
import { chosenFiles } from "./chosen-files.ts";
import { expectChanges, findReview, statusOf } from "./decide.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { tellDecision } from "./review-text.ts";
import { WHO_HELP, WHO_OPTIONS, whoDecides } from "./reviewer-proof.ts";
import { UsageError } from "./usage-error.ts";

const REBASE_HELP = `ztl rebase ID [--take merge|host|workspace] [--file PATH]... [--hash H]

Lays changed files over what this host has by now. A file that somebody has changed on the host since the agent changed it
is in conflict: it is not written, and the others of its review are. Nothing is written to the host by this; look at what it
became (ztl review ID), then approve.

  --take merge      both versions, line by line (the default). Where both changed the same lines, both stand in the file
                    between markers, and it waits until the agent has decided between them
  --take host       what the host has; the agent's change is dropped
  --take workspace  the agent's version, in the place of what the host has
  --file PATH       only this file, by the name that was shown or its place on this host (repeatable); all in
                    conflict when absent
  --hash H          only if this is still what was shown (ztl review ID prints it)
${WHO_HELP.trimEnd()}
  --config FILE     the configuration (default: ztl.config.json of this directory); a module is run
  --json            print one JSON object

Exit status: 0 done; 3 stale or decided already; 4 none is in conflict, or some cannot be merged; 5 there is no such review;
6 only a reviewer may; 125 the command line is wrong.
`;

const OPTIONS = {
  take: { type: "string", default: "merge" },
  file: { type: "string", multiple: true },
  hash: { type: "string" },
  ...WHO_OPTIONS,
} as const;

/** `ztl rebase`. Returns the exit status. */
export async function rebase(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, REBASE_HELP)) return 0;
  const prefix = expectOne(positionals, "review's id");
  const take = takeOf(values.take);
  return withLoop(values.config, async (loop) => {
    const review = await findReview(loop, prefix);
    if (review !== undefined) expectChanges(review, "rebase");
    const result: RebaseResult =
      review === undefined
        ? { status: "not-found" }
        : await loop.reviews.rebase(review.id, {
            ...{ ...(await whoDecides(values)), take, hash: values.hash ?? review.hash },
            ...defined({ files: (await chosenFiles(loop, review, { file: values.file })).files }),
          });
    if (values.json) await printJson(result);
    else await writeAll(result.status === "rebased" ? process.stdout : process.stderr, tell(result));
    if (result.status !== "rebased") return statusOf(result);
    return result.unmerged.length > 0 ? LoopStatus.needsMore : 0;
  });
}

function takeOf(word: string): NonNullable<RebaseOptions["take"]> {
  if (word === "merge" || word === "host" || word === "workspace") return word;
  throw new UsageError("--take is merge, host or workspace");
}

const BECAME = {
  merged: "both versions are in it",
  marked: "both versions stand in it between markers: the agent, or --take, has to decide",
  dropped: "stays as the host has it",
  kept: "the agent's version, over what the host has now",
} as const;

function tell(result: RebaseResult): string {
  if (result.status !== "rebased") return tellDecision(result);
  const files = result.files.map(({ path, became }) => `  ${terminalLine(path)}: ${BECAME[became]}\n`);
  const unmerged = result.unmerged.map(({ path, reason }) => `  ${terminalLine(path)} ${terminalLine(reason)}\n`);
  const left = unmerged.length === 0 ? "" : `Not merged; say --take host or --take workspace:\n${unmerged.join("")}`;
  return `Nothing is written to this host yet. The hash is now ${result.hash}.\n${files.join("")}${left}`;
}
