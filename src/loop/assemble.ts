import { createHmac, type KeyObject } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { defined } from "../base/optional.ts";
import { AdmissionVerifier, Admitter, type Sink } from "../guard/index.ts";
import { type Entry, Ledger, openSigningKey } from "../ledger/index.ts";
import { type LoopConfig, loadConfig, Policy, requireConfig } from "../policy/index.ts";
import { Workspace } from "../workspace/index.ts";
import { Breaker } from "./breaker/breaker.ts";
import { BreakerStore } from "./breaker/breaker-store.ts";
import { CallBook } from "./call/call-book.ts";
import { EnvironmentSeal } from "./call/environment.ts";
import { Listeners } from "./events.ts";
import { Examiner } from "./gate/examiner.ts";
import { guardModel } from "./gate/guard-model.ts";
import { guardRules } from "./gate/guard-rules.ts";
import { LoopMemory } from "./gate/loop-memory.ts";
import { Originals } from "./gate/originals.ts";
import { RunIndex } from "./history/run-index.ts";
import { EXPIRE_AFTER_MS, OUTPUT_FOR_MODEL_BYTES } from "./limits.ts";
import { actionsJudge } from "./monitor/configured.ts";
import { checkMountsOf, type MountProblem } from "./mount-check.ts";
import { OriginIndex } from "./origins/origin-index.ts";
import type { LoopParts } from "./parts.ts";
import { Authority } from "./reviewers/authority.ts";
import { Reviewers } from "./reviewers/reviewers.ts";
import { BegunDecisions } from "./reviews/begun-decisions.ts";
import { ReviewStore } from "./reviews/review-store.ts";
import { Sandboxes } from "./sandboxes.ts";
import { type KeptHeads, keptHeads, lastInFiles, startAnchoring } from "./state/anchors.ts";
import { Conversations } from "./state/conversations.ts";
import { DurableNonces } from "./state/durable-nonces.ts";
import { expectLedger, expectSame, KnownLedger } from "./state/known-ledger.ts";
import { rebuildTaint } from "./state/rebuild.ts";
import { openStateDatabase, stateDatabasePath } from "./state/state-database.ts";
import { prepareStateDirectory, type StatePlace, stateDirectoryOf } from "./state/state-directory.ts";

export interface LoopOptions {
  /**
   * A configuration, or the path of a file with one: JSON, or a module, which is run. Default: `ztl.config.json` in `directory`;
   * a module is never looked for.
   */
  readonly config?: LoopConfig | string;
  /** Where relative paths of a configuration given as an object begin. Default: the working directory. */
  readonly directory?: string;
  /** Overrides the configuration's. */
  readonly stateDirectory?: string;
  /** Where templates are kept; false keeps none. As for `Sandbox.open`. */
  readonly cacheDirectory?: string | false;
  /** Cells that may run at once for each way the host is shown. As for `Sandbox.open`. */
  readonly cells?: number;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
  /**
   * What to do when a directory that a tool mounts is not there: `refuse`, the default, or `tell` (`loop.mountProblems`) and go on,
   * so that people can decide about all else; calls of that tool fail until it is back.
   */
  readonly missingMounts?: "refuse" | "tell";
}

/** A loop's parts with what belongs to the loop as a whole. */
export interface Assembly {
  readonly parts: LoopParts;
  readonly memory: LoopMemory;
  readonly listeners: Listeners;
  readonly stateDirectory: string;
  /** What is not there to be mounted, when that is only told. */
  readonly mountProblems: readonly MountProblem[];
  readonly close: () => Promise<void>;
}

/** The state directory of a configuration, or of the one in the working directory; nothing in it is opened. */
export async function locateState(config: string | undefined): Promise<string> {
  const options = defined({ config });
  return stateOf(options, await readPolicy(options));
}

/** Heads of the ledger that were kept elsewhere, as far as they can be read now; nothing else is opened. */
export async function locateKeptHeads(config: string | undefined): Promise<KeptHeads> {
  const options = defined({ config });
  const policy = await readPolicy(options);
  return keptHeads(policy, stateOf(options, policy));
}

/** Reads the configuration and opens everything it asks for. No micro-VM is started yet. */
export async function assemble(options: LoopOptions): Promise<Assembly> {
  const policy = await readPolicy(options);
  const mountProblems = checkMountsOf(policy.config, {
    stateDirectory: statePlaceOf(options, policy),
    cacheDirectory: options.cacheDirectory,
    missing: options.missingMounts,
  });
  const stateDirectory = stateOf(options, policy);
  const now = options.now ?? Date.now;
  const database = openStateDatabase(stateDirectory);
  try {
    return { ...(await open({ options, policy, stateDirectory, now, database })), mountProblems };
  } catch (error) {
    database.close();
    throw error;
  }
}

function stateOf(options: LoopOptions, policy: Policy): string {
  return prepareStateDirectory({ ...stateChoiceOf(options, policy), mounts: mountedBy(policy.config) });
}

function statePlaceOf(options: LoopOptions, policy: Policy): string {
  return stateDirectoryOf(stateChoiceOf(options, policy));
}

function stateChoiceOf(options: LoopOptions, { config }: Policy): Omit<StatePlace, "mounts"> {
  return { configured: options.stateDirectory ?? config.stateDirectory, projectDirectory: projectOf(options) };
}

/**
 * What opening a loop would say about the mounts of a configuration, without making anything.
 * Throws ZtlError `mount-not-found`, `mount-invalid`, `mount-hidden`, `mount-overlap`, `state-exposed`.
 */
export function checkMounts({ config }: Policy, projectDirectory: string): void {
  checkMountsOf(config, { stateDirectory: stateDirectoryOf({ configured: config.stateDirectory, projectDirectory }) });
}

/** Host paths that tools see, each once. */
function mountedBy({ tools }: Policy["config"]): string[] {
  const hosts = Object.values(tools).flatMap((tool) => (tool.external ? [] : tool.mounts.map(({ host }) => host)));
  return [...new Set(hosts)];
}

async function readPolicy({ config, directory }: LoopOptions): Promise<Policy> {
  const base = resolve(directory ?? ".");
  if (typeof config === "object") return new Policy(config, base);
  const file = config ?? requireConfig(base);
  return new Policy(await loadConfig(file), dirname(resolve(file)));
}

/** Projects have states of their own: by the directory of their configuration. */
function projectOf({ config, directory }: LoopOptions): string {
  return typeof config === "string" ? dirname(resolve(config)) : resolve(directory ?? ".");
}

interface Ground {
  readonly options: LoopOptions;
  readonly policy: Policy;
  readonly stateDirectory: string;
  readonly now: () => number;
  readonly database: DatabaseSync;
}

async function open({
  options,
  policy,
  stateDirectory,
  now,
  database,
}: Ground): Promise<Omit<Assembly, "mountProblems">> {
  const { config } = policy;
  const expireAfterMs = config.approvals?.expireAfterMs ?? EXPIRE_AFTER_MS;
  const listeners = new Listeners();
  const rules = guardRules(config.guard);
  const sinks: readonly Sink[] = config.guard?.renders ? ["memory", "rendered"] : ["memory"];
  const key = openSigningKey(join(stateDirectory, "admission.key"));
  const admitter = new Admitter({ privateKey: key.privateKey, ruleSetHash: rules.hash, now });
  const markKey = derivedKey(key.privateKey, "ztl-mark-v1");
  const examiner = new Examiner({ rules, sinks, admitter, markKey, second: guardModel(config.guard?.model) });
  const workspace = await Workspace.open({
    directory: join(stateDirectory, "workspace"),
    expireAfterMs,
    now,
    protectedPaths: [...(config.approvals?.protectedPaths ?? [])],
    hidden: [stateDirectory, ...(options.cacheDirectory ? [resolve(options.cacheDirectory)] : [])],
  });
  const known = new KnownLedger(database);
  const ledger = await openLedger({ policy, stateDirectory, now }, known);
  const anchoring = startAnchoring(policy, ledger, listeners);
  const runIndex = new RunIndex(stateDirectory, ledger);
  const sandboxes = openSandboxes({ options, policy, stateDirectory }, listeners);
  let hasRecorded = false;
  const told = (entry: Entry): void => {
    hasRecorded = true;
    known.entryKept(ledger);
    anchoring.entryKept();
    listeners.tell({ type: "entry", entry });
  };
  const nonces = new DurableNonces(stateDirectory);
  const reviewers = new Reviewers(ledger, policy, told);
  const allowsOwnProcess = config.reviews?.ownProcess === "allowed";
  const breaker = new Breaker({ store: new BreakerStore(database, now), policy, ledger, now, told });
  const originIndex = new OriginIndex(stateDirectory, ledger);
  const parts: LoopParts = {
    policy,
    sandboxes,
    examiner,
    ledger,
    environment: new EnvironmentSeal(derivedKey(key.privateKey, "ztl-environment-v1")),
    originals: new Originals(join(stateDirectory, "originals")),
    runIndex,
    workspace,
    reviewStore: new ReviewStore(database, now),
    begunDecisions: new BegunDecisions(stateDirectory, now),
    reviewers,
    authority: new Authority({ ledger, reviewers, nonces, now, told, allowsOwnProcess }),
    conversations: new Conversations(database),
    breaker,
    actionsJudge: actionsJudge({ policy, ledger, runIndex, originIndex, breaker, now }),
    callBook: new CallBook(database, now),
    originIndex,
    underWay: new Map(),
    traceSteps: new Map(),
    expireAfterMs,
    outputForModelBytes: config.guard?.outputForModelBytes ?? OUTPUT_FOR_MODEL_BYTES,
    now,
    told,
    reviewsChanged: () => listeners.tell({ type: "reviews-changed" }),
  };
  if (parts.conversations.isEmpty) rebuildTaint(parts.conversations, ledger);
  const memory = new LoopMemory({
    verifier: new AdmissionVerifier({ signer: admitter.signer, ruleSetHash: rules.hash, nonces, now }),
    admitter,
    parts,
    sealKey: derivedKey(key.privateKey, "ztl-seal-v1"),
    onRefusal: (refusal) => listeners.tell({ type: "memory-refusal", refusal }),
  });
  const close = async (): Promise<void> => {
    parts.breaker.dispose();
    await sandboxes.close();
    await workspace.close();
    parts.originIndex.close();
    runIndex.close();
    parts.begunDecisions.close();
    if (hasRecorded) await noteEnd(ledger, known);
    await anchoring.close();
    await ledger.close();
    nonces.close();
    database.close();
  };
  return { parts, memory, listeners, stateDirectory, close };
}

/** Not another one than the state and the anchors know. Throws ZtlError `ledger-…`. */
async function openLedger(
  { policy, stateDirectory, now }: Pick<Ground, "policy" | "stateDirectory" | "now">,
  known: KnownLedger,
): Promise<Ledger> {
  const directory = join(stateDirectory, "ledger");
  const { head } = known;
  const own = head === undefined ? [] : [{ name: "the state beside it", head }];
  const witnesses = [...own, ...(await lastInFiles(policy))];
  expectLedger(directory, witnesses);
  const ledger = await Ledger.open({ directory, now, beside: [stateDatabasePath(stateDirectory)] });
  try {
    expectSame(ledger, witnesses);
    return ledger;
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

async function noteEnd(ledger: Ledger, known: KnownLedger): Promise<void> {
  try {
    await ledger.flush();
    known.note(ledger);
  } catch {
    // A ledger that takes nothing any more has said so to whoever recorded; what the state knows of it stays as it is.
  }
}

function openSandboxes(
  { options, policy: { config }, stateDirectory }: Pick<Ground, "options" | "policy" | "stateDirectory">,
  listeners: Listeners,
): Sandboxes {
  return new Sandboxes({
    cacheDirectory: options.cacheDirectory,
    cells: options.cells,
    isolation: config.isolation,
    pythonProgram: config.python?.program,
    mounted: mountedBy(config),
    hidden: [stateDirectory],
    onEvent: (event) => listeners.tell({ type: "sandbox", event }),
  });
}

/** Any secret of this state directory would do; one derived for a purpose alone cannot be mistaken for another. */
function derivedKey(privateKey: KeyObject, purpose: string): Uint8Array {
  return createHmac("sha256", privateKey.export({ format: "der", type: "pkcs8" }))
    .update(purpose)
    .digest();
}
