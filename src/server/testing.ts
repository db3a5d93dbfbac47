import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defined } from "../base/optional.ts";
import { Ledger } from "../ledger/index.ts";
import {
  type ApproveOptions,
  type DecisionResult,
  type FileChange,
  type FileView,
  type LoopEvent,
  type OpenBreaker,
  type ReplayOutcome,
  type Review,
  type ReviewerRecord,
  ReviewerSigner,
  type ReviewSummary,
  type RunRecord,
  type RunsQuery,
  type Timeline,
} from "../loop/index.ts";
import { createApp } from "./app.ts";
import type { Desk } from "./desk.ts";

/** Helpers for the server's tests: a desk with a real ledger whose reviews are whatever a test puts there. */

export const HASH = "a".repeat(64);
export const OTHER_HASH = "b".repeat(64);
export const ORIGIN = "http://127.0.0.1:4711";
export const TOKEN = "a-token-for-tests-of-32-characters-and-more";

export class TestDesk implements Desk {
  readonly ledger: Ledger;
  readonly all = new Map<string, Review>();
  readonly views = new Map<string, FileView>();
  readonly runs = new Map<string, RunRecord>();
  /** What reached the desk, in order. */
  readonly decisions: { readonly what: string; readonly id: string; readonly options: unknown }[] = [];
  /** Answers every decision when set. */
  answer: DecisionResult | undefined;
  /** What runs were asked for. */
  readonly queries: RunsQuery[] = [];
  readonly timelines = new Map<string, Timeline>();
  /** How often reviews were listed. */
  lists = 0;
  replayed: () => Promise<ReplayOutcome> = async () => ({ status: "same" });
  verifications = 0;
  readonly known: ReviewerRecord[] = [];
  mountProblems: Desk["mountProblems"] = [];
  readonly #listeners = new Set<(event: LoopEvent) => void>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  readonly reviews: Desk["reviews"] = {
    version: () => [...this.all.values()].map(({ id, hash, state }) => `${id} ${hash} ${state}`).join(),
    list: async ({ state = "pending", kind, agent, limit = 100, after } = {}) => {
      this.lists++;
      const found = [...this.all.values()]
        .filter((one) => (state === "all" || one.state === "pending") && (kind === undefined || one.kind === kind))
        .filter((one) => agent === undefined || one.agent === agent)
        .map(summaryOf);
      const start = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1;
      return found.slice(start, start + limit);
    },
    get: async (id) => this.all.get(id),
    file: async (id, path) => (this.all.has(id) ? this.views.get(path) : undefined),
    approve: async (id, options) => this.#decide("approve", id, options, "applied"),
    reject: async (id, options) => this.#decide("reject", id, options, "rejected"),
    revoke: async (id, options) => this.#decide("revoke", id, options, "rejected"),
    rebase: async (id, options) => {
      this.decisions.push({ what: "rebase", id, options });
      const review = this.all.get(id);
      if (review === undefined) return { status: "not-found" };
      if (review.hash !== options.hash) return { status: "stale", hash: review.hash };
      return { status: "rebased", hash: "f".repeat(64), files: [], unmerged: [] };
    },
    undo: async (id, options) => this.#decide("undo", id, options, "undone"),
    redo: async (id, options) => this.#decide("redo", id, options, "applied"),
  };

  /** What is stopped. */
  readonly open: OpenBreaker[] = [];
  readonly breakers: Desk["breakers"] = {
    list: () => this.open,
    open: async (request) => {
      this.decisions.push({ what: "open", id: "", options: request });
      const opened = openBreaker(`b${this.open.length}`, { openedBy: request.by });
      this.open.unshift(opened);
      return opened;
    },
    close: async (id, options) => {
      this.decisions.push({ what: "close", id, options });
      const at = this.open.findIndex((one) => one.id === id);
      if (at === -1) return { status: "not-found" };
      if (options.hash !== undefined && options.hash !== this.open[at]?.hash)
        return { status: "stale", hash: this.open[at]?.hash ?? "" };
      this.open.splice(at, 1);
      return { status: "closed" };
    },
  };

  readonly reviewers: Desk["reviewers"] = {
    list: () => this.known,
    whoseToken: (token) =>
      this.known.find((one) => one.publicKey === publicKeyOf(token) && one.revokedAt === undefined),
  };

  readonly records: Desk["records"] = {
    runs: async (query = {}) => {
      this.queries.push(query);
      return { rows: [...this.runs.values()].map(({ row }) => row).slice(0, query.limit ?? 50) };
    },
    timeline: async (conversation, agent) => {
      const found = this.timelines.get(conversation);
      return agent === undefined || found?.agents.includes(agent) ? found : undefined;
    },
    run: async (runId) => this.runs.get(runId),
    verify: async () => {
      this.verifications++;
      return this.ledger.verify();
    },
    replay: async () => this.replayed(),
  };

  onEvent(listener: (event: LoopEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(event: LoopEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  add(review: Review): Review {
    this.all.set(review.id, review);
    return review;
  }

  addFile(change: FileChange, view: Partial<FileView> = {}): FileChange {
    this.views.set(change.path, { change, diff: { kind: "none", note: "nothing to compare" }, findings: [], ...view });
    return change;
  }

  #decide(what: string, id: string, options: Partial<ApproveOptions>, state: Review["state"]): DecisionResult {
    this.decisions.push({ what, id, options });
    if (this.answer !== undefined) return this.answer;
    const review = this.all.get(id);
    if (review === undefined) return { status: "not-found" };
    if (options.hash !== undefined && options.hash !== review.hash) return { status: "stale", hash: review.hash };
    this.all.set(id, { ...review, state, ...defined({ decidedBy: options.reviewer }) });
    return { status: "done", state, files: options.files ?? [] };
  }
}

function publicKeyOf(token: string): string {
  try {
    return ReviewerSigner.fromToken("x", token).publicKey;
  } catch {
    return "";
  }
}

function summaryOf(review: Review): ReviewSummary {
  const { id, kind, state, runId, agent, tool, command, createdAt, expiresAt, hash, title } = review;
  return { id, kind, state, runId, agent, tool, command, createdAt, expiresAt, hash, title };
}

/** What every review has; a test overrides what it is about. */
export function summary(id: string): Omit<ReviewSummary, "kind"> {
  return {
    id,
    state: "pending",
    runId: `run-of-${id}`,
    agent: "researcher",
    tool: "python",
    command: "print('hello')",
    createdAt: Date.now() - 60_000,
    expiresAt: Date.now() + 3_600_000,
    hash: HASH,
    title: "1 file changed",
  };
}

/** An open breaker; a test overrides what it is about. */
export function openBreaker(id: string, rest: Partial<OpenBreaker> = {}): OpenBreaker {
  const whole = { id, target: { scope: "global" }, source: "person", reason: "A person stopped it." } as const;
  return { ...whole, openedAt: Date.now() - 1000, state: "open", hash: HASH, ...rest };
}

export function changedFile(path: string, rest: Partial<FileChange> = {}): FileChange {
  return { path, hostPath: `/host${path}`, change: "modify", fileType: "file", flags: [], ...rest };
}

export interface TestServer {
  readonly desk: TestDesk;
  /** A request as a browser with a session makes it, unless `headers` say otherwise; null takes a header away. */
  request(
    path: string,
    init?: { method?: string; headers?: Record<string, string | null>; body?: string },
  ): Promise<Response>;
  /** The same with the token instead of a session. */
  api(path: string, body?: unknown): Promise<Response>;
  /** Sends a form of a page, with its CSRF token. */
  form(path: string, fields: Iterable<readonly [string, string]>): Promise<Response>;
  readonly csrfToken: string;
  close(): Promise<void>;
}

/** The app without its sockets, and a browser that has opened it. */
export async function openTestServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), "ztl-server-"));
  const ledger = await Ledger.open({ directory });
  const desk = new TestDesk(ledger);
  const closing = new AbortController();
  const origins = [ORIGIN, "http://localhost:4711"];
  const app = createApp(desk, { origins, token: TOKEN, reviewer: "tester", closing: closing.signal });
  let cookie = "";
  const request: TestServer["request"] = async (path, { method = "GET", headers = {}, body } = {}) => {
    const given = {
      host: "127.0.0.1:4711",
      cookie,
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...(method === "POST" ? { origin: ORIGIN, "sec-fetch-site": "same-origin" } : {}),
      ...headers,
    };
    const sent = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== "");
    return app.request(`${ORIGIN}${path}`, { method, headers: sent, ...defined({ body }) });
  };
  const opened = await request(`/?token=${TOKEN}`);
  cookie = opened.headers.get("set-cookie")?.split(";")[0] ?? "";
  desk.add({
    ...summary("csrf"),
    kind: "call",
    input: "{}",
    decision: { decision: "ask", rule: "r", reason: "r", considered: [] },
  });
  const csrfToken = /name="csrf" value="([^"]+)"/.exec(await (await request("/reviews/csrf")).text())?.[1] ?? "";
  desk.all.clear();
  return {
    desk,
    request,
    csrfToken,
    api: (path, body) =>
      request(path, {
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        headers: { cookie: null, origin: null, authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      }),
    form: (path, fields) =>
      request(path, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams([
          ["csrf", csrfToken],
          ...[...fields].map(([name, value]) => [name, value] as [string, string]),
        ]).toString(),
      }),
    close: async () => {
      closing.abort();
      await ledger.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
