import { defined } from "../../base/optional.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import { type Fact, factsOf } from "../../provenance/index.ts";
import type { RecordedContents } from "../history/recorded-contents.ts";
import type { RunIndex } from "../history/run-index.ts";
import { allOf, detail } from "../history/run-story.ts";
import { TRAIL_MAX } from "../limits.ts";
import type { OriginStep } from "./argument-origin.ts";
import type { Occurrence } from "./origin-index.ts";
import { type RecordedFile, recordedFiles } from "./recorded-files.ts";
import { isSpoken, type Leaf, type RecordedText, recordedText, type TextRole } from "./recorded-text.ts";

/** Calls before one whose arguments may hold the other half of a value. */
const EARLIER_CALLS = 3;
const EARLIER_ENTRIES = 60;
const TAKEN_IN_ENTRIES = 2000;

/** Entries around one call, each read once for one question. */
export class Neighbourhood {
  readonly #contents: RecordedContents;
  readonly #runIndex: RunIndex;
  readonly #ledger: Ledger;
  readonly #entries = new Map<number, Entry | undefined>();
  readonly #texts = new Map<number, Promise<RecordedText | undefined>>();
  readonly #tools = new Map<string, string | undefined>();
  readonly #remembered = new Map<string, Promise<ReadonlySet<string>>>();
  readonly #facts = new Map<number, Promise<ReadonlyMap<string, FoundFact>>>();

  constructor(contents: RecordedContents, runIndex: RunIndex) {
    this.#runIndex = runIndex;
    this.#contents = contents;
    this.#ledger = contents.ledger;
  }

  entry(index: number): Entry | undefined {
    if (!this.#entries.has(index)) this.#entries.set(index, this.#ledger.entry(index));
    return this.#entries.get(index);
  }

  runOf(index: number): string | undefined {
    return this.entry(index)?.runId;
  }

  textOf(index: number): Promise<RecordedText | undefined> {
    const known = this.#texts.get(index);
    if (known !== undefined) return known;
    const entry = this.entry(index);
    const text = entry === undefined ? Promise.resolve(undefined) : recordedText(this.#contents, entry);
    this.#texts.set(index, text);
    return text;
  }

  /** What the run of a call read. */
  async filesRead({ runId }: Entry): Promise<readonly RecordedFile[]> {
    const [reads] = runId === undefined ? [] : this.#ledger.query({ runId, kind: "reads", limit: 1 });
    return reads?.kind === "reads" ? recordedFiles(this.#contents, reads) : [];
  }

  /** The values in a text by their keys, each where it stands first. */
  factsIn(index: number): Promise<ReadonlyMap<string, FoundFact>> {
    const known = this.#facts.get(index);
    if (known !== undefined) return known;
    const found = this.textOf(index).then((text) => firstFacts(text?.leaves ?? []));
    this.#facts.set(index, found);
    return found;
  }

  isOwn({ entry, conversation }: RecordedText, one: Occurrence): boolean {
    return one.agent === entry.agent && one.conversation === conversation && one.role !== "file";
  }

  step(entry: Entry, role?: TextRole): OriginStep {
    const { runId, agent = "", index } = entry;
    const conversation = detail(entry, "conversation") ?? "";
    const known = role ?? (entry.kind === "call" ? "argument" : entry.kind === "change-set" ? "file" : undefined);
    const spoken: TextRole | undefined = isSpoken(entry) ? entry.kind : undefined;
    const tool = runId === undefined ? undefined : this.#toolOf(runId);
    return { entry: index, role: known ?? spoken ?? "given", agent, conversation, ...defined({ runId, tool }) };
  }

  /** The first ones and the last ones. */
  trail(occurrences: readonly Occurrence[]): OriginStep[] {
    const half = TRAIL_MAX / 2;
    const kept =
      occurrences.length <= TRAIL_MAX ? occurrences : [...occurrences.slice(0, half), ...occurrences.slice(-half)];
    return kept.flatMap(({ entry, role, conversation }) => {
      const found = this.entry(entry);
      return found === undefined ? [] : [{ ...this.step(found, role), conversation }];
    });
  }

  /** Of its conversation, the last one first. */
  earlierSteps({ entry, conversation }: Pick<RecordedText, "entry" | "conversation">, limit: number): Promise<Entry[]> {
    const range = { before: entry.index, order: "last", limit } as const;
    return this.#runIndex.stepsOf({ conversation, agent: entry.agent ?? "" }, range);
  }

  /** Arguments of the calls before it in its conversation. */
  async earlierLeaves({ entry, conversation }: RecordedText): Promise<Leaf[]> {
    if (entry.kind !== "call" || entry.agent === undefined) return [];
    const own = (await this.earlierSteps({ entry, conversation }, EARLIER_ENTRIES))
      .filter(({ kind }) => kind === "call")
      .slice(0, EARLIER_CALLS)
      .reverse();
    const texts = await Promise.all(own.map((one) => this.textOf(one.index)));
    return texts.flatMap((text) =>
      (text?.leaves ?? []).map((leaf) => ({ ...leaf, place: `run ${text?.entry.runId ?? ""} ${leaf.place}` })),
    );
  }

  /** Runs whose content came to a conversation by memory, retrieval or a restored snapshot. */
  rememberedRuns({ entry, conversation }: RecordedText): Promise<ReadonlySet<string>> {
    const key = `${entry.index} ${conversation}`;
    const known = this.#remembered.get(key) ?? this.#takenIn(entry, conversation);
    this.#remembered.set(key, known);
    return known;
  }

  async #takenIn(entry: Entry, conversation: string): Promise<ReadonlySet<string>> {
    const steps = await this.earlierSteps({ entry, conversation }, TAKEN_IN_ENTRIES);
    return new Set(allOf(steps, "taken-in").flatMap(({ body }) => body.runIds ?? []));
  }

  #toolOf(runId: string): string | undefined {
    if (!this.#tools.has(runId)) {
      const [call] = this.#ledger.query({ runId, kind: "call", limit: 1 });
      this.#tools.set(runId, call?.kind === "call" ? call.body.tool : undefined);
    }
    return this.#tools.get(runId);
  }
}

export interface FoundFact {
  readonly fact: Fact;
  readonly text: string;
}

function firstFacts(leaves: readonly Leaf[]): ReadonlyMap<string, FoundFact> {
  const found = new Map<string, FoundFact>();
  for (const { text } of leaves)
    for (const fact of factsOf(text)) if (!found.has(fact.key)) found.set(fact.key, { fact, text });
  return found;
}
