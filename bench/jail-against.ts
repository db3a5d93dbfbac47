import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SubjectReply, SubjectRequest } from "./jail-subject.ts";
import { round, type Summary, summarise } from "./statistics.ts";

/** Cell start and warm call of two checkouts, in turn: what else the machine does befalls both. */

export interface Comparison {
  readonly here: Summary;
  readonly there: Summary;
  /** Here over there. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  /** Median of the differences between neighbours in time, here less there. */
  readonly differenceMs: number;
}

export interface AgainstFigures {
  readonly cellStartMs: Comparison;
  readonly warmCallMs: Comparison;
}

export interface Counts {
  readonly starts: number;
  readonly calls: number;
}

/** Beginnings that fill caches: of the template store, of compiled code, of the cell. */
const WARMUP = { starts: 3, calls: 50 } as const;

export async function compareCheckouts(
  here: string,
  there: string,
  { starts, calls }: Counts,
): Promise<AgainstFigures> {
  const directory = mkdtempSync(join(tmpdir(), "ztl-bench-jail-"));
  const subjects: Subject[] = [];
  try {
    for (const [name, checkout] of [
      ["here", here],
      ["there", there],
    ] as const)
      subjects.push(await Subject.open(join(checkout, "src/index.ts"), join(directory, name)));
    const pair = subjects as [Subject, Subject];
    await inTurn(pair, "start", WARMUP.starts);
    const cellStartMs = await inTurn(pair, "start", starts);
    await inTurn(pair, "call", WARMUP.calls);
    return { cellStartMs, warmCallMs: await inTurn(pair, "call", calls) };
  } finally {
    await Promise.all(subjects.map((subject) => subject.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

async function inTurn(
  [here, there]: readonly [Subject, Subject],
  what: SubjectRequest,
  count: number,
): Promise<Comparison> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let index = 0; index < count; index++) {
    // Who goes first changes, since the first of a pair may find the processor slower.
    const order = index % 2 === 0 ? [here, there] : [there, here];
    for (const subject of order) (subject === here ? mine : theirs).push(await subject.ask(what));
  }
  const [a, b] = [summarise(mine), summarise(theirs)];
  const differences = mine.map((value, index) => value - (theirs[index] as number));
  return {
    here: a,
    there: b,
    p50Ratio: round(a.p50 / b.p50),
    p99Ratio: round(a.p99 / b.p99),
    differenceMs: summarise(differences).p50,
  };
}

/** A checkout in its own process. */
class Subject {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async open(entry: string, cacheDirectory: string): Promise<Subject> {
    const program = new URL("./jail-subject.ts", import.meta.url);
    const subject = new Subject(
      fork(program, [pathToFileURL(entry).href, cacheDirectory], { execArgv: ["--no-warnings"] }),
    );
    await subject.#answer();
    return subject;
  }

  ask(request: SubjectRequest): Promise<SubjectReply> {
    const answer = this.#answer();
    this.#child.send(request);
    return answer;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (!this.#child.connected) return;
    this.#child.disconnect();
    await ended;
  }

  #answer(): Promise<SubjectReply> {
    return new Promise((resolve, reject) => {
      const ended = (): void =>
        reject(new Error(`A checkout's process ended early: ${this.#child.spawnargs.join(" ")}`));
      this.#child.once("exit", ended);
      this.#child.once("message", (reply: SubjectReply) => {
        this.#child.off("exit", ended);
        resolve(reply);
      });
    });
  }
}
