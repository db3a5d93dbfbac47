import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { ZtlError } from "../../errors.ts";
import { formatPublicKey, type Ledger, parseHead, type SignedHead } from "../../ledger/index.ts";
import { LEDGER_NOTED_EVERY_MS } from "../limits.ts";

/** A head that the ledger once had, and who says so. */
export interface Witness {
  readonly name: string;
  readonly head: SignedHead;
}

/**
 * What the state knows of its ledger: a ledger that was removed, replaced or put back to an earlier copy while the state stayed is told by it,
 * and nothing is written on as if nothing had happened.
 */
export class KnownLedger {
  readonly #database: DatabaseSync;
  #notedAt = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Undefined while nothing was recorded. */
  get head(): SignedHead | undefined {
    const row = this.#database.prepare("SELECT head FROM known_ledger").get();
    return row === undefined ? undefined : parseHead(String(row.head));
  }

  /** Called when entries are durable; notes how far the ledger has come, not each time. */
  entryKept(ledger: Ledger): void {
    const now = performance.now();
    if (now - this.#notedAt < LEDGER_NOTED_EVERY_MS) return;
    this.#notedAt = now;
    this.note(ledger);
  }

  note(ledger: Ledger): void {
    const head = ledger.head();
    if (head === undefined) return;
    this.#database
      .prepare(
        "INSERT INTO known_ledger (one, size, head, public_key) VALUES (1, :size, :line, :key) " +
          "ON CONFLICT (one) DO UPDATE SET size = :size, head = :line, public_key = :key WHERE :size > size",
      )
      .run({ size: head.size, line: head.line, key: formatPublicKey(ledger.publicKey) });
  }
}

/** Throws ZtlError `ledger-missing` where somebody knows of a ledger that is not there; before a new one is begun in its place. */
export function expectLedger(directory: string, witnesses: readonly Witness[]): void {
  const [first] = witnesses;
  if (first === undefined || existsSync(join(directory, "ledger.sqlite"))) return;
  const { name, head } = first;
  throw new ZtlError(
    "ledger-missing",
    `The ledger is gone: ${name} knows of ${head.size} entries, and there is no database in ${directory}`,
    { directory, size: head.size, ledgerId: head.ledgerId, remedy: REMEDY },
  );
}

/** Throws ZtlError `ledger-replaced` or `ledger-rolled-back` for a ledger that is not the one which the witnesses know, or less of it. */
export function expectSame(ledger: Ledger, witnesses: readonly Witness[]): void {
  for (const { name, head } of witnesses) {
    const size = ledger.head()?.size ?? 0;
    const details = { knownSize: head.size, size, remedy: REMEDY };
    const known = `${name} knows of ${head.size} entries`;
    if (head.ledgerId === ledger.ledgerId && head.size > size)
      throw new ZtlError(
        "ledger-rolled-back",
        `This ledger has ${size} entries, and ${known}: an earlier copy was put back, or its end was cut`,
        details,
      );
    if (head.ledgerId !== ledger.ledgerId || ledger.entry(head.size - 1)?.hash !== head.lastHash)
      throw new ZtlError("ledger-replaced", `This is not the ledger it was: ${known}, which are not in it`, details);
  }
}

const REMEDY =
  "Put the ledger's directory back as it was last (a backup, the disk it was on). To go on without it, move the state directory and its anchors away: a new state and a new ledger begin, and what waited for a decision is gone.";
