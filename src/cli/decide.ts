import { defined } from "../base/optional.ts";
import { terminalLine } from "../base/text/index.ts";
import type { DecisionResult, ReviewSummary, ZeroTrustLoop } from "../loop/index.ts";
import { chosenFiles } from "./chosen-files.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, usesColour, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { ask } from "./prompt.ts";
import { painter, showReview, tellDecision, tellNext } from "./review-text.ts";
import { WHO_HELP, WHO_OPTIONS, whoDecides } from "./reviewer-proof.ts";
import { UsageError } from "./usage-error.ts";

export const DECIDE_HELP = `ztl approve ID [--hash H] [--file PATH | --only DIR]... [--protected NAME]... [--message M]
ztl reject ID [--file PATH | --only DIR]... [--message M]
ztl revoke ID
ztl undo ID [--file PATH | --only DIR]...
ztl redo ID [--file PATH | --only DIR]...

Decides what waits (ztl review lists it). ID may be cut short as long as it is the only one that begins so.

approve  changes: writes them to this host, all or none; those whose host files are no longer what the run saw wait
         on; a call: lets the agent make exactly this call, once; a withheld output: lets the agent have it.
         An approval is for what was seen: --hash names it (ztl review ID prints it). On a terminal, without --hash, it
         is shown and asked about.
reject   says no, to all of it or to these files; the agent is told the message
revoke   takes a yes back of which nothing was made: the call was not made yet, the changes could not be written
undo     puts back what an approved change set changed, unless the files were edited since
redo     writes again what was undone, unless the files were edited since

  --file PATH       only this file of the change set, by the name that was shown or its place on this host (repeatable)
  --only DIR        only what is in this directory, named likewise (repeatable); protected files in it still need --protected
  --protected NAME  agrees to change this protected file, such as a git hook, or to release a text in spite of this rule,
                    which blocked it (repeatable)
  --message M       for the agent
${WHO_HELP.trimEnd()}
  --config FILE     the configuration (default: ztl.config.json of this directory); a module is run
  --json            print one JSON object

Exit status: 0 done; 3 stale, decided already, or the host's files changed; 4 protected files need a yes, or the choice
of files cannot stand alone, or more reviewers must agree; 5 there is no such review; 6 only a reviewer may;
125 the command line is wrong.
`;

const OPTIONS = {
  hash: { type: "string" },
  file: { type: "string", multiple: true },
  only: { type: "string", multiple: true },
  protected: { type: "string", multiple: true },
  message: { type: "string" },
  ...WHO_OPTIONS,
} as const;

/** `ztl approve`, `ztl reject`, `ztl revoke`, `ztl undo` and `ztl redo`. Returns the exit status. */
export async function decide(
  verb: "approve" | "reject" | "revoke" | "undo" | "redo",
  args: readonly string[],
): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, DECIDE_HELP)) return 0;
  const prefix = expectOne(positionals, "review's id");
  if (verb !== "approve" && (values.hash ?? values.protected) !== undefined)
    throw new UsageError("--hash and --protected go with ztl approve");
  if (verb === "revoke" && (values.file ?? values.only) !== undefined)
    throw new UsageError("ztl revoke takes a whole yes back");
  return withLoop(values.config, async (loop) => {
    const review = await findReview(loop, prefix);
    const result: DecisionResult | undefined =
      review === undefined ? { status: "not-found" } : await decideOn(loop, review, verb, values);
    if (result === undefined) return LoopStatus.changed;
    if (values.json) await printJson(result);
    else if (result.status !== "done") await writeAll(process.stderr, tellDecision(result));
    else await writeAll(process.stdout, tellDecision(result, verb) + tellNext(result, review));
    return statusOf(result);
  });
}

type Verb = Parameters<typeof decide>[0];
type Values = ReturnType<typeof parseLoopArguments<typeof OPTIONS>>["values"];

/** Undefined when the person who was asked did not say yes. */
async function decideOn(
  loop: ZeroTrustLoop,
  review: ReviewSummary,
  verb: Verb,
  values: Values,
): Promise<DecisionResult | undefined> {
  if (verb === "undo" || verb === "redo") expectChanges(review, verb);
  const who = await whoDecides(values);
  const by = { ...who, ...defined({ message: values.message }) };
  const { files, protectedFiles } = await chosenFiles(loop, review, values);
  const chosen = defined({ files });
  switch (verb) {
    case "reject":
      return loop.reviews.reject(review.id, { ...by, ...chosen });
    case "revoke":
      return loop.reviews.revoke(review.id, by);
    case "undo":
    case "redo":
      return loop.reviews[verb](review.id, { ...by, ...chosen });
    case "approve": {
      const hash = values.hash ?? (await seenHash(loop, review, who.reviewer));
      if (hash === undefined) return undefined;
      return loop.reviews.approve(review.id, { ...by, hash, ...chosen, ...defined({ protectedFiles }) });
    }
  }
}

/** Throws UsageError for what has no files. */
export function expectChanges({ id, kind }: ReviewSummary, verb: string): void {
  if (kind === "change-set") return;
  const what = kind === "call" ? "a call" : "a withheld output";
  throw new UsageError(`ztl ${verb} is for changed files, and ${id} is ${what}; ztl revoke takes a yes back`);
}

/** The review that the id, or its beginning, names. Throws UsageError when several begin so. */
export async function findReview(loop: ZeroTrustLoop, prefix: string): Promise<ReviewSummary | undefined> {
  const exact = loop.reviews.find(prefix);
  if (exact !== undefined) return exact;
  if (!/^[0-9a-f-]{4,36}$/.test(prefix)) return undefined;
  // What waits first: of the decided ones the newest.
  const lists = [await loop.reviews.list({ limit: 1000 }), await loop.reviews.list({ state: "all", limit: 1000 })];
  const found = [...new Map(lists.flat().map((one) => [one.id, one])).values()].filter(({ id }) =>
    id.startsWith(prefix),
  );
  if (found.length > 1) throw new UsageError(`${found.length} reviews begin with ${prefix}: write more of the id`);
  return found[0];
}

/** The hash of what a person was just shown and agreed to; undefined when not. */
async function seenHash(loop: ZeroTrustLoop, { id }: ReviewSummary, reviewer: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UsageError("an approval is for what was seen: give --hash, which ztl review ID prints");
  const review = await loop.reviews.get(id);
  if (review === undefined) return undefined;
  await writeAll(process.stdout, showReview(review, painter(usesColour(process.stdout))));
  const answer = await ask(`Approve this as ${terminalLine(reviewer)}? [y/N] `);
  return /^y(es)?$/i.test(answer) ? review.hash : undefined;
}

export function statusOf(result: DecisionResult): number {
  switch (result.status) {
    case "done":
      return 0;
    case "stale":
    case "already":
    case "conflict":
      return LoopStatus.changed;
    case "protected":
    case "bad-selection":
    case "more-reviewers":
      return LoopStatus.needsMore;
    case "not-allowed":
      return LoopStatus.notAllowed;
    case "not-found":
      return LoopStatus.notFound;
    case "failed":
      return LoopStatus.failed;
  }
}
