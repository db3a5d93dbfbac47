import { defined } from "../base/optional.ts";
import { terminalLine } from "../base/text/index.ts";
import type { ApproveOptions, FileView, Review, ZeroTrustLoop } from "../loop/index.ts";
import { findReview, statusOf } from "./decide.ts";
import { helped, LoopStatus, parseLoopArguments, printJson, usesColour, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { ask, closePrompt } from "./prompt.ts";
import { listReviews, type Paint, painter, showFile, showReview, tellDecision } from "./review-text.ts";
import { WHO_HELP, WHO_OPTIONS, type WhoValues, whoDecides } from "./reviewer-proof.ts";
import { UsageError } from "./usage-error.ts";

export const REVIEW_HELP = `ztl review [ID] [--list] [--all] [--json]

Shows what waits for a person, and on a terminal asks about it one by one: changes file by file with their diffs, calls
that need agreement, outputs that the guard withheld. Nothing is written before the last question.

  ID            only this review (its id may be cut short)
  --list        only the list
  --file PATH   of a change set only this file's diff, by the name that is listed (repeatable); the first 100 without it
  --all         the decided ones too, newest first (what waits: the oldest of each agent first)
  --agent NAME, --tool NAME, --kind change-set|call|content
                only those
  --limit N     so many (default 100); --after ID goes on after that one
${WHO_HELP}  --config FILE the configuration (default: ztl.config.json of this directory); a module is run
  --json        print JSON: the list, or the review with its files

Without a terminal nothing is asked: ztl approve, ztl reject and ztl undo decide. ztl serve is the same as a page.
Exit status: 0 shown or decided; 3 what was decided on had changed; 4 more was needed; 5 there is no such review; 6 only a
reviewer may decide.
`;

const OPTIONS = {
  list: { type: "boolean" },
  file: { type: "string", multiple: true },
  all: { type: "boolean" },
  agent: { type: "string" },
  tool: { type: "string" },
  kind: { type: "string" },
  limit: { type: "string" },
  after: { type: "string" },
  ...WHO_OPTIONS,
} as const;

/** `ztl review`. Returns the exit status. */
export async function review(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, REVIEW_HELP)) return 0;
  if (positionals.length > 1) throw new UsageError("give one review's id, or none");
  const [prefix] = positionals;
  return withLoop(values.config, async (loop) => {
    if (prefix !== undefined) return one(loop, prefix, values);
    const { query, limit } = await queryOf(loop, values);
    const found = await loop.reviews.list({ ...query, limit: limit + 1 });
    const waiting = found.slice(0, limit);
    if (values.json) await printJson(waiting);
    else await writeAll(process.stdout, listReviews(waiting, Date.now()) + moreAfter(waiting, found.length));
    const asks = !values.json && !values.list && isInteractive();
    if (!asks) return 0;
    try {
      return await askAboutAll(
        loop,
        waiting.filter(({ state }) => state === "pending").map(({ id }) => id),
        await whoDecides(values),
      );
    } finally {
      closePrompt();
    }
  });
}

const KINDS = ["change-set", "call", "content"] as const;

interface Filter {
  readonly [name: string]: unknown;
  readonly all?: boolean | undefined;
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
  readonly kind?: string | undefined;
  readonly limit?: string | undefined;
  readonly after?: string | undefined;
}

async function queryOf(loop: ZeroTrustLoop, { all, agent, tool, kind: given, limit: wanted, after: prefix }: Filter) {
  const kind = KINDS.find((one) => one === given);
  if (given !== undefined && kind === undefined) throw new UsageError(`--kind takes ${KINDS.join(", ")}`);
  const limit = Number(wanted ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > 999)
    throw new UsageError("--limit takes a number from 1 to 999");
  const after = prefix === undefined ? undefined : (await findReview(loop, prefix))?.id;
  if (prefix !== undefined && after === undefined) throw new UsageError(`there is no review ${prefix} to go on after`);
  const state: "all" | "pending" = all ? "all" : "pending";
  return { query: { state, ...defined({ kind, agent, tool, after }) }, limit };
}

function moreAfter(shown: readonly { readonly id: string }[], found: number): string {
  const last = shown.at(-1);
  return found > shown.length && last !== undefined ? `More: ztl review --after ${last.id.slice(0, 8)}\n` : "";
}

interface Values extends WhoValues {
  readonly json?: boolean | undefined;
  readonly list?: boolean | undefined;
  readonly file?: readonly string[] | undefined;
}

type Who = Awaited<ReturnType<typeof whoDecides>>;

function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

async function one(loop: ZeroTrustLoop, prefix: string, values: Values): Promise<number> {
  const summary = await findReview(loop, prefix);
  const found = summary === undefined ? undefined : await loop.reviews.get(summary.id);
  if (found === undefined) {
    await writeAll(process.stderr, tellDecision({ status: "not-found" }));
    return LoopStatus.notFound;
  }
  if (!values.json && !values.list && isInteractive() && found.state === "pending") {
    try {
      return (await askAbout(loop, found, await whoDecides(values))) ?? 0;
    } finally {
      closePrompt();
    }
  }
  if (values.json) {
    const views: FileView[] = [];
    for await (const view of viewsOf(loop, found, values.file)) views.push(view);
    await printJson({ ...found, ...(found.kind === "change-set" ? { views } : {}) });
    return 0;
  }
  const paint = painter(usesColour(process.stdout));
  await writeAll(process.stdout, showReview(found, paint));
  for await (const view of viewsOf(loop, found, values.file))
    await writeAll(process.stdout, `\n${showFile(view, paint)}`);
  const unshown = found.kind === "change-set" && values.file === undefined ? found.files.length - FILES_SHOWN_MAX : 0;
  if (unshown > 0) await writeAll(process.stdout, `\n${unshown} more files; ztl review ID --file PATH shows one.\n`);
  return 0;
}

/** Nobody reads more of them in a row, and each is content to be fetched and compared. */
const FILES_SHOWN_MAX = 100;

/** The files by these names, or else the first. Throws UsageError for a name that is not among them. */
async function* viewsOf(loop: ZeroTrustLoop, found: Review, names: readonly string[] | undefined) {
  if (found.kind !== "change-set") return;
  for (const path of names ?? found.files.slice(0, FILES_SHOWN_MAX).map(({ path }) => path)) {
    const view = await loop.reviews.file(found.id, path);
    if (view !== undefined) yield view;
    else if (names !== undefined) throw new UsageError(`there is no file ${terminalLine(path)} among the changes`);
  }
}

async function askAboutAll(loop: ZeroTrustLoop, ids: readonly string[], who: Who): Promise<number> {
  let status = 0;
  for (const id of ids) {
    const found = await loop.reviews.get(id);
    if (found?.state !== "pending") continue;
    await writeAll(process.stdout, "\n");
    const outcome = await askAbout(loop, found, who);
    if (outcome === undefined) return status;
    status = Math.max(status, outcome);
  }
  return status;
}

/** Shows one review and asks; undefined when the person wants to stop. */
async function askAbout(loop: ZeroTrustLoop, found: Review, who: Who): Promise<number | undefined> {
  const paint = painter(usesColour(process.stdout));
  await writeAll(process.stdout, showReview(found, paint));
  return found.kind === "change-set" ? askAboutFiles(loop, found, who, paint) : askAboutWhole(loop, found, who);
}

async function askAboutWhole(loop: ZeroTrustLoop, found: Review, who: Who): Promise<number | undefined> {
  const verb = found.kind === "call" ? "Agree to this call" : "Release this text to the agent";
  const answer = await choose(`${verb}? [y]es, [n]o, [s]kip, [q]uit: `, "ynsq");
  if (answer === "q") return undefined;
  if (answer === "s") return 0;
  if (answer === "n") return reject(loop, found.id, who);
  const named: string[] = [];
  for (const { path, reason } of found.kind === "content" ? (found.toName ?? []) : []) {
    const question = `It was blocked, as it ${terminalLine(reason)}. Type "${terminalLine(path)}" to release it all the same: `;
    if ((await ask(question)) !== path) return 0;
    named.push(path);
  }
  return approve(loop, found.id, { hash: found.hash, ...who, ...(named.length > 0 ? { protectedFiles: named } : {}) });
}

type ChangeSet = Extract<Review, { kind: "change-set" }>;

const FILE_QUESTION = "Take this change? [y]es, [n]o, [a]ll the rest, [r]eject everything, [s]kip, [q]uit, [?]: ";
const FILE_HELP = `y  take this file       n  leave it out      a  take it and all that follow
r  reject the whole set, with a message for the agent
s  leave the set waiting and go on to the next        q  stop here
Nothing is written before the question at the end.
`;

async function askAboutFiles(
  loop: ZeroTrustLoop,
  found: ChangeSet,
  who: Who,
  paint: Paint,
): Promise<number | undefined> {
  const chosen: string[] = [];
  const agreed: string[] = [];
  let takesAll = false;
  for (const { path, protectedBecause } of found.files) {
    const view = await loop.reviews.file(found.id, path);
    if (view !== undefined && !takesAll) await writeAll(process.stdout, `\n${showFile(view, paint)}`);
    const answer: string = takesAll ? "y" : await choose(FILE_QUESTION, "ynarsq", FILE_HELP);
    if (answer === "q") return undefined;
    if (answer === "s") return 0;
    if (answer === "r") return reject(loop, found.id, who);
    if (answer === "n") continue;
    takesAll ||= answer === "a";
    if (protectedBecause !== undefined) {
      const question = `${terminalLine(path)} is protected: ${terminalLine(protectedBecause)}. Type "yes" to change it: `;
      if ((await ask(question)) !== "yes") continue;
      agreed.push(path);
    }
    chosen.push(path);
  }
  if (chosen.length === 0) return reject(loop, found.id, who);
  const list = chosen.map((path) => `  ${terminalLine(path)}\n`).join("");
  await writeAll(process.stdout, `\nTo be written to this host:\n${list}`);
  if ((await choose("Write them? [y]es, [n]o: ", "yn")) === "n") return 0;
  const files = chosen.length === found.files.length ? {} : { files: chosen };
  return approve(loop, found.id, { hash: found.hash, ...who, protectedFiles: agreed, ...files });
}

/** One of the letters; asked again until it is. At the end of input nothing is chosen. */
async function choose(question: string, letters: string, help = ""): Promise<string> {
  for (let tries = 0; tries < 20; tries++) {
    const answer = (await ask(question)).toLowerCase().slice(0, 1);
    if (answer !== "" && letters.includes(answer)) return answer;
    if (answer === "?") await writeAll(process.stdout, help);
  }
  return letters.includes("q") ? "q" : "n";
}

async function approve(loop: ZeroTrustLoop, id: string, options: ApproveOptions): Promise<number> {
  const result = await loop.reviews.approve(id, options);
  await writeAll(process.stdout, tellDecision(result));
  return statusOf(result);
}

async function reject(loop: ZeroTrustLoop, id: string, who: Who): Promise<number> {
  const message = await ask("Rejected. A message for the agent (Enter for none): ");
  const result = await loop.reviews.reject(id, { ...who, ...(message === "" ? {} : { message }) });
  await writeAll(process.stdout, tellDecision(result));
  return statusOf(result);
}
