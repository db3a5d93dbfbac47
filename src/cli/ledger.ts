import type { KeyObject } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBounded } from "../base/bounded-file.ts";
import { isJsonObject } from "../base/json.ts";
import { defined } from "../base/optional.ts";
import { parseStored, type StoredFormat, shapeOf } from "../base/stored-json.ts";
import { suggestion } from "../base/suggestion.ts";
import { terminalJson, terminalLine } from "../base/text/index.ts";
import { ZtlError } from "../errors.ts";
import {
  checkInclusion,
  type Entry,
  type ErasedSubject,
  formatPublicKey,
  locateKeptHeads,
  locateState,
  parseHead,
  parsePublicKey,
  readPublicKey,
  SqliteStore,
  type Verification,
  verifyLedger,
  type ZeroTrustLoop,
} from "../loop/index.ts";
import { configFile } from "./config-file.ts";
import { expectOne, helped, LoopStatus, parseLoopArguments, printJson, userName, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { shortId } from "./short-id.ts";
import { parseMoment } from "./units.ts";
import { UsageError } from "./usage-error.ts";

export const LEDGER_HELP = `ztl ledger verify [--anchor LINE] [--ledger DIR --key KEY]
ztl ledger head                       the signed head, one line: keep it elsewhere, and verify against it later
ztl ledger tail [-n N] [-f]           the last entries; -f goes on as they come
ztl ledger show INDEX                 one entry, whole
ztl ledger prove INDEX [--out FILE]   a proof that an entry is part of what the head stands for
ztl ledger check-proof FILE [--key K] checks such a proof, with no ledger at hand
ztl ledger erase RUN|CONVERSATION --reason TEXT [--agent NAME]
                                      takes out what was asked, returned and said, for good; all hashes still hold
ztl ledger erase --before TIME --reason TEXT
                                      the same of all that is older: 90d, or 2026-01-31; for a job that keeps a time limit

verify     reads everything: each entry, the chain, the Merkle root of every signed head, contents kept beside it, and
           whether each decision is signed by the reviewer it names (those that are not are listed), and that the
           ledger still holds what the heads stood for that the state and the configuration's anchors have, or that
           --anchor gives: only anchors show a ledger that was put back with all of its state. --ledger and --key verify a copy from elsewhere; nothing is written to it.

erase      leaves each entry its place, time and hashes. Files that runs changed are the workspace's, and stay; so do backups.

  -n N           entries (default 20)
  --anchor LINE  a line of ztl ledger head, or @FILE with it
  --key KEY      the public key, ed25519:…, that must have signed
  --before TIME  what was recorded earlier, but for runs about which a person is asked
  --reason TEXT  why it is erased; it is recorded, with who did it
  --agent NAME   whose conversation, where several agents have one of that name
  --out FILE     where the proof goes (default: standard output)
  --config FILE  the configuration (default: ztl.config.json of this directory); a module is run
  --json         print JSON

Exit status: 0 good; 1 damaged, or the proof does not hold; 5 there is no such entry; 125 the command line is wrong.
`;

const OPTIONS = {
  anchor: { type: "string" },
  ledger: { type: "string" },
  key: { type: "string" },
  out: { type: "string" },
  reason: { type: "string" },
  before: { type: "string" },
  agent: { type: "string" },
  count: { type: "string", short: "n" },
  follow: { type: "boolean", short: "f" },
} as const;

const COMMANDS = ["verify", "head", "tail", "show", "prove", "check-proof", "erase"];

type Values = ReturnType<typeof parseLoopArguments<typeof OPTIONS>>["values"];

/** `ztl ledger`. Returns the exit status. */
export async function ledger(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  const [command, ...rest] = positionals;
  if (await helped(values, LEDGER_HELP)) return 0;
  switch (command) {
    case "verify":
      return verify(values);
    case "head":
      return head(values);
    case "tail":
      return tail(values);
    case "show":
      return show(values, indexOf(expectOne(rest, "entry's index")));
    case "prove":
      return prove(values, indexOf(expectOne(rest, "entry's index")));
    case "check-proof":
      return checkProof(values, expectOne(rest, "proof's file"));
    case "erase":
      return erase(values, rest);
    default:
      throw new UsageError(
        `ztl ledger takes verify, head, tail, show, prove, check-proof or erase${suggestion(command ?? "", COMMANDS)}`,
      );
  }
}

function indexOf(text: string): number {
  const index = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(index))
    throw new UsageError("an entry's index is a number from 0 on");
  return index;
}

/** Not through an open loop: a damaged ledger does not open for writing, and that is when this is wanted. */
async function verify({ anchor, ledger: given, key, config, json }: Values): Promise<number> {
  if (given !== undefined && key === undefined) throw new UsageError("--ledger needs --key: who must have signed");
  const directory = given ?? join(await locateState(await configFile(config)), "ledger");
  const publicKey = key === undefined ? ownKey(directory) : parsePublicKey(key);
  const store = new SqliteStore({ directory, access: "read" });
  try {
    const line = anchor?.startsWith("@") ? readFileSync(anchor.slice(1), "utf8").trim() : anchor;
    if (process.stderr.isTTY) await writeAll(process.stderr, `Verifying ${store.extent().lastIndex ?? 0} entries …\n`);
    const { anchors, problems } = given === undefined ? await locateKeptHeads(await configFile(config)) : NO_HEADS;
    for (const problem of problems) await writeAll(process.stderr, `${terminalLine(problem)}\n`);
    const result = await verifyLedger(store, defined({ publicKey, anchor: line, anchors }));
    if (json) await printJson({ ...result, publicKey: formatPublicKey(publicKey) });
    else if (result.ok) {
      const count = anchors.length + (line === undefined ? 0 : 1);
      const anchored = count === 0 ? "" : `, and holds what ${count} heads kept elsewhere stand for`;
      await writeAll(
        process.stdout,
        `Whole: ${result.entries} entries, ${result.heads} signed heads, ${result.blobs} contents${anchored}.\n${tellDecisions(result.decisions)}Signed by ${formatPublicKey(publicKey)}\n`,
      );
    } else {
      const { code, index, message } = result.problem;
      const where = index === undefined ? "" : ` at entry ${index}`;
      const what = result.unproven === undefined ? `DAMAGED${where}` : "NOT PROVEN";
      await writeAll(process.stdout, `${what}: ${terminalLine(message)} [${code}]\n${listUnproven(result.unproven)}`);
    }
    return result.ok ? 0 : LoopStatus.failed;
  } finally {
    store.close();
  }
}

const NO_HEADS = { anchors: [], problems: [] } as const;

/** Of the ledger of this configuration: that it, or its key, is gone is what this is wanted for. */
function ownKey(directory: string): KeyObject {
  const [database, key] = [join(directory, "ledger.sqlite"), join(directory, "ledger.key")];
  if (!existsSync(database))
    throw new ZtlError("ledger-missing", `There is no ledger in ${directory}: none was begun, or it was removed`, {
      remedy: "Put the directory back from a backup, if there was one.",
    });
  if (!existsSync(key))
    throw new ZtlError("ledger-key-lost", `The key that signs this ledger is gone: there is nothing at ${key}`, {
      remedy: "Put it back from a backup, or verify by the public key: --ledger DIR --key ed25519:…",
    });
  return readPublicKey(key);
}

function tellDecisions({ signed, unsigned }: Whole["decisions"]): string {
  if (signed === 0) return "";
  const before = unsigned === 0 ? "" : `; ${unsigned} from before there were reviewers`;
  return `${signed} decisions, each signed by the reviewer it names${before}.\n`;
}

function listUnproven(unproven: Broken["unproven"] = []): string {
  return unproven
    .map(({ index, reviewer, why }) => `  entry ${index}, ${terminalLine(reviewer)}: ${terminalLine(why)}\n`)
    .join("");
}

type Whole = Extract<Verification, { ok: true }>;
type Broken = Extract<Verification, { ok: false }>;

function head({ config, json }: Values): Promise<number> {
  return withLoop(config, async (loop) => {
    const found = loop.ledger.head();
    if (found === undefined) {
      await writeAll(process.stderr, "There is no entry yet, so there is no head.\n");
      return LoopStatus.notFound;
    }
    if (json) await printJson({ ...found, publicKey: formatPublicKey(loop.ledger.publicKey) });
    else await writeAll(process.stdout, `${found.line}\n`);
    return 0;
  });
}

function erase({ config, json, reason, agent, before }: Values, named: readonly string[]): Promise<number> {
  if (reason === undefined || reason.trim() === "") throw new UsageError("--reason says why; it is recorded");
  if (before !== undefined && (named.length > 0 || agent !== undefined))
    throw new UsageError("--before is for all runs: it takes no name and no --agent");
  const old = before === undefined ? undefined : { before: parseMoment("before", before) };
  const name = old === undefined ? expectOne(named, "run's id, or a conversation's name") : "";
  return withLoop(config, async (loop) => {
    const erasures = await loop.records.erase(old ?? (await runOrConversation(loop, name, agent)), {
      reason,
      by: userName(),
    });
    if (erasures.length === 0) {
      const what = old === undefined ? "There is no such run or conversation" : "There is nothing so old";
      await writeAll(process.stderr, `${what}, or nothing of it is left to erase.\n`);
      return old === undefined ? LoopStatus.notFound : 0;
    }
    const count = erasures.reduce((sum, { body }) => sum + body.indices.length, 0);
    const told = erasures.map(({ index }) => index).join(", ");
    if (json) await printJson(erasures);
    else
      await writeAll(
        process.stdout,
        `Erased: ${count} entries say nothing any more; why is in the ledger (${told}).\n`,
      );
    return 0;
  });
}

async function runOrConversation(loop: ZeroTrustLoop, name: string, agent: string | undefined): Promise<ErasedSubject> {
  const [runId, another] = await loop.records.idsOf(name);
  if (another !== undefined) throw new UsageError(`several runs begin with ${name}: write more of the id`);
  return runId === undefined ? { conversation: name, ...defined({ agent }) } : { runId };
}

/** How often new entries are looked for. */
const FOLLOW_MS = 300;

function tail({ config, json, count, follow }: Values): Promise<number> {
  const wanted = count === undefined ? 20 : indexOf(count);
  return withLoop(config, async (loop) => {
    const print = (entry: Entry): Promise<void> =>
      json ? printJson(entry) : writeAll(process.stdout, `${entryLine(entry)}\n`);
    let next = 0;
    for (const entry of loop.ledger.tail(wanted)) {
      await print(entry);
      next = entry.index + 1;
    }
    let stopped = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (stopped = true));
    while (follow === true && !stopped) {
      for (const entry of loop.ledger.query({ fromIndex: next, limit: 1000 })) {
        await print(entry);
        next = entry.index + 1;
      }
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
    }
    return 0;
  });
}

function entryLine({ index, time, kind, agent = "", runId = "" }: Entry): string {
  return `${String(index).padStart(6)}  ${time}  ${kind.padEnd(15)}  ${shortId(runId).padEnd(8)}  ${terminalLine(agent)}`;
}

function show({ config, json }: Values, index: number): Promise<number> {
  return withLoop(config, async (loop) => {
    const entry = loop.ledger.entry(index);
    if (entry === undefined) return noEntry(index);
    if (json) await printJson(entry);
    else await writeAll(process.stdout, `${terminalJson(entry, 2)}\n`);
    return 0;
  });
}

function prove({ config, out }: Values, index: number): Promise<number> {
  return withLoop(config, async (loop) => {
    if (loop.ledger.entry(index) === undefined) return noEntry(index);
    const { entry, head: signed, path } = loop.ledger.proveInclusion(index);
    const proof = { entry, head: signed.line, path, publicKey: formatPublicKey(loop.ledger.publicKey) };
    if (out === undefined) await printJson(proof);
    else writeFileSync(out, `${terminalJson(proof)}\n`, { mode: 0o600 });
    return 0;
  });
}

async function noEntry(index: number): Promise<number> {
  await writeAll(process.stderr, `There is no entry ${index}; ztl ledger tail shows the last ones.\n`);
  return LoopStatus.notFound;
}

async function checkProof({ key, json }: Values, file: string): Promise<number> {
  const proof = readProof(file);
  const publicKey = parsePublicKey(key ?? proof.publicKey);
  const check = checkInclusion({ entry: proof.entry, head: parseHead(proof.head), path: proof.path }, publicKey);
  if (json) await printJson(check);
  else if (check.ok) {
    const whose = key === undefined ? "the key in the proof: compare it with the one you know" : "the key given";
    await writeAll(
      process.stdout,
      `It holds: entry ${proof.entry.index} is part of what the head stands for, by ${whose}.\n`,
    );
  } else await writeAll(process.stdout, `It does NOT hold: ${terminalLine(check.reason)}\n`);
  return check.ok ? 0 : LoopStatus.failed;
}

interface Proof {
  readonly entry: Entry;
  readonly head: string;
  readonly path: readonly string[];
  readonly publicKey: string;
}

const PROOF: StoredFormat = {
  what: "It",
  // An entry has at most 1 MiB, of 100 levels (ledger/limits.ts); `prove` escapes what does not show; a path has 64 hashes at most.
  limits: { bytesMax: 64 * 1024 * 1024, depthMax: 104 },
  shape: shapeOf((proof) => {
    if (!isJsonObject(proof) || !isJsonObject(proof.entry)) return "it is not a proof as ztl ledger prove writes it";
    const { head, path, publicKey } = proof;
    const isWhole = [head, publicKey].every((text) => typeof text === "string") && Array.isArray(path);
    return isWhole && path.every((hash) => typeof hash === "string") ? undefined : "its head, path or key is missing";
  }),
  code: "proof-invalid",
  remedy: "Have it made again: ztl ledger prove INDEX --out FILE",
};

function readProof(file: string): Proof {
  try {
    return parseStored(readBounded(file, PROOF.limits.bytesMax), PROOF);
  } catch (error) {
    throw new UsageError(`${file} cannot be read as a proof: ${(error as Error).message}`);
  }
}
