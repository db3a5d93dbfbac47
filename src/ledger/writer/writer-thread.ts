import { Worker } from "node:worker_threads";
import { ZtlError } from "../../errors.ts";
import { ENTRY_WAIT_MS } from "../limits.ts";
import type { DraftText, Place } from "../record/place.ts";
import { Backlog } from "./backlog.ts";
import { hearError, type Order, type Outcome, type ThreadData, type ToThread } from "./messages.ts";
import type { AppendOptions, EntryWriter } from "./writer.ts";

interface Waiting {
  readonly bytes: number | undefined;
  readonly resolve: (place: Place | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const THREAD = new URL(`./thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

/**
 * Has a thread of its own write the ledger, begun with the first entry. Should the thread end by itself, whoever waits is told so, and
 * nothing is taken any more: what it did last is not known here.
 */
export class WriterThread implements EntryWriter {
  readonly #data: ThreadData;
  readonly #program: URL;
  readonly #backlog = new Backlog();
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #orders: Order[] = [];
  /** Orders go at the end of this turn of the event loop. */
  #isUrgent = false;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 0;
  #failure: ZtlError | undefined;

  /** `program` is for tests. */
  constructor(data: ThreadData, program: URL = THREAD) {
    this.#data = data;
    this.#program = program;
  }

  async add(draft: DraftText, { mayWait = false }: AppendOptions = {}): Promise<Place> {
    return (await this.#order(draft, mayWait)) as Place;
  }

  async flush(): Promise<void> {
    if (this.#data.beside.length > 0) await this.#order(undefined, false);
    else if (this.#orders.length > 0) this.#hurry();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#post();
    worker.ref();
    worker.postMessage("close" satisfies ToThread);
    await this.#ended;
  }

  #order(draft: DraftText | undefined, mayWait: boolean): Promise<Place | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = draft?.bodyText.length;
    if (bytes !== undefined) this.#backlog.take(bytes);
    this.#worker ??= this.#start();
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      if (this.#waiting.size === 0) this.#worker?.ref();
      this.#waiting.set(id, { bytes, resolve, reject });
      this.#orders.push({ id, draft });
      if (!mayWait) this.#hurry();
      else this.#timer ??= setTimeout(() => this.#post(), ENTRY_WAIT_MS);
    });
  }

  /** One message for what this turn of the event loop orders, and for what waited. */
  #hurry(): void {
    if (this.#isUrgent) return;
    this.#isUrgent = true;
    setImmediate(() => this.#post());
  }

  #post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isUrgent = false;
    if (this.#orders.length > 0) this.#worker?.postMessage(this.#orders satisfies ToThread);
    this.#orders = [];
  }

  #start(): Worker {
    // What this process was started with, such as a program text, is not for the thread.
    const worker = new Worker(this.#program, { workerData: this.#data, execArgv: [], name: "ztl-ledger" });
    // An idle ledger does not keep a process from ending.
    worker.unref();
    worker.on("message", (outcomes: readonly Outcome[]) => this.#take(outcomes));
    worker.on("error", (error) => this.#fail(String(error)));
    this.#ended = new Promise((resolve) => {
      worker.on("exit", (code) => {
        this.#fail(`it ended with ${code}`);
        resolve();
      });
    });
    return worker;
  }

  #take(outcomes: readonly Outcome[]): void {
    for (const { id, place, error } of outcomes) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (waiting?.bytes !== undefined) this.#backlog.give(waiting.bytes);
      if (error === undefined) waiting?.resolve(place);
      else waiting?.reject(hearError(error));
    }
    if (this.#waiting.size === 0) this.#worker?.unref();
  }

  #fail(reason: string): void {
    this.#failure ??= new ZtlError(
      "ledger-writer-ended",
      `The thread that writes the ledger is gone (${reason}): what was not acknowledged may be missing, and nothing is recorded ` +
        "any more. Open the ledger again",
    );
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
