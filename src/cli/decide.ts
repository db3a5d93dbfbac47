import { defined } from "../base/optional.ts";
import { terminalLine } from "../base/text/index.ts";
import type { DecisionResult, ReviewSummary, ZeroTrustLoop } from "../loop/index.ts";
import {
  expectOne,
  helped,
  LoopStatus,
  parseLoopArguments,
  printJson,
  userName,
  usesColour,
  withLoop,
} from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { ask } from "./prompt.ts";
import { painter, showReview, tellDecision } from "./review-text.ts";
import { WHO_HELP, WHO_OPTIONS, whoDecides } from "./reviewer-proof.ts";
import { UsageError } from "./usage-error.ts";

export const DECIDE_HELP = `ztl approve ID [--hash H] [--file PATH]... [--protected NAME]... [--message M]
ztl reject ID [--file PATH]... [--message M]
ztl revoke ID
ztl undo ID [--file PATH]...
ztl redo ID [--file PATH]...

Decides what waits (ztl review lists it). ID may be cut short as long as it is the only one that begins so.

approve  changes: writes them to this host, all or none; those whose host files are no longer what the run saw wait
         on; a call: lets the agent make exactly this call, once; a withheld output: lets the agent have it.
         An approval is for what was seen: --hash names it (ztl review ID prints it). On a terminal, without --hash, it
         is shown and asked about.
reject   says no, to all of it or to these files; the agent is told the message
revoke   takes a yes back of which nothing was made: the call was not made yet, the changes could not be written
undo     puts back what an approved change set changed, unless the files were edited since
redo     writes again what was undone, unless the files were edited since

  --file PATH       only this file of the change set, by the name that was shown (repeatable)
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
  return withLoop(values.config, async (loop) => {
    const review = await findReview(loop, prefix);
    const { message } = values;
    const who = review === undefined ? { reviewer: userName() } : await whoDecides(values);
    const by = { ...who, ...defined({ message }) };
    let result: DecisionResult;
    if (review === undefined) result = { status: "not-found" };
    else if (verb === "reject")
      result = await loop.reviews.reject(review.id, { ...by, ...defined({ files: values.file }) });
    else if (verb === "revoke") result = await loop.reviews.revoke(review.id, by);
    else if (verb === "undo" || verb === "redo")
      result = await loop.reviews[verb](review.id, { ...by, ...defined({ files: values.file }) });
    else {
      const hash = values.hash ?? (await seenHash(loop, review, who.reviewer));
      if (hash === undefined) return LoopStatus.changed;
      const chosen = defined({ files: values.file });
      const agreed = defined({ protectedFiles: values.protected });
      result = await loop.reviews.approve(review.id, { ...by, hash, ...chosen, ...agreed });
    }
    if (values.json) await printJson(result);
    else await writeAll(result.status === "done" ? process.stdout : process.stderr, tellDecision(result));
    return statusOf(result);
  });
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
