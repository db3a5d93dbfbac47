import type { Json } from "../../base/json.ts";
import { ZtlError } from "../../errors.ts";
import type { Content, Entry, Ledger } from "../../ledger/index.ts";
import { parseRecordedInput } from "../state/stored.ts";

/** Contents of the ledger for one look back. One that is missing or damaged ends nothing: it is left out, and told of. */
export class RecordedContents {
  readonly ledger: Ledger;
  readonly #unread = new Set<number>();

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Indexes of the entries of which something could not be read. */
  get unread(): readonly number[] {
    return [...this.#unread].sort((one, other) => one - other);
  }

  read(entry: Entry, content: Content): Promise<Uint8Array | undefined> {
    return this.attempt(entry, () => this.ledger.content(content));
  }

  /** Arguments of a call. */
  async input(entry: Extract<Entry, { kind: "call" }>): Promise<Json | undefined> {
    const { input, inputContent } = entry.body;
    if (inputContent === undefined) return input ?? null;
    return this.attempt(entry, async () => parseRecordedInput(await this.ledger.content(inputContent)));
  }

  /** What can be read of a text in several pieces. */
  async text(entry: Entry, contents: readonly Content[] = []): Promise<string | undefined> {
    const pieces = await Promise.all(contents.map((content) => this.read(entry, content)));
    const whole = pieces.filter((bytes) => bytes !== undefined);
    if (whole.length === 0 && pieces.length > 0) return undefined;
    return whole.map((bytes) => Buffer.from(bytes).toString("utf8")).join("\n");
  }

  async attempt<T>(entry: Entry, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!ZtlError.isInstance(error)) throw error;
      this.#unread.add(entry.index);
      return undefined;
    }
  }

  /** Entries that somebody else could not read. */
  leaveOut(entries: readonly number[]): void {
    for (const entry of entries) this.#unread.add(entry);
  }
}
