import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZtlError } from "../../src/errors.ts";
import { type Entry, Ledger } from "../../src/ledger/index.ts";
import { noteDraft } from "../../src/ledger/testing.ts";
import type { Fuzzer } from "../fuzzer.ts";

const ENTRIES = 12;
const CHANGES_MAX = 4;
/** Whoever may write the key may write history: that is said in the threat model. */
const KEY = "ledger.key";

let whole: string;
let damaged: string;
let files: string[];
let expected: readonly Entry[];

interface Change {
  /** Taken modulo the number of files, and of the file's bytes. */
  readonly file: number;
  readonly at: number;
  readonly hex: string;
  readonly cut: boolean;
}

async function makeLedger(): Promise<void> {
  const ledger = await Ledger.open({ directory: whole });
  for (let index = 0; index < ENTRIES; index++) await ledger.append(noteDraft(`step ${index}`, `run-${index % 3}`));
  await ledger.keep(Buffer.alloc(100_000, 7));
  expected = ledger.query();
  await ledger.close();
  files = (readdirSync(whole, { recursive: true }) as string[])
    .filter((name) => name !== KEY && statSync(join(whole, name)).isFile())
    .sort();
}

function damage({ file, at, hex, cut }: Change): void {
  const path = join(damaged, files[file % files.length] as string);
  const bytes = readFileSync(path);
  if (bytes.length === 0) return;
  const place = at % bytes.length;
  bytes.set(Buffer.from(hex, "hex").subarray(0, bytes.length - place), place);
  writeFileSync(path, cut ? bytes.subarray(0, place) : bytes);
}

/** Damaged files are refused, found to be damaged, or their ledger says exactly what it said before. */
export const fuzzer: Fuzzer = {
  what: "a ledger's files on disk, damaged at random",
  open: async () => {
    const scratch = mkdtempSync(join(tmpdir(), "ztl-fuzz-ledger-"));
    [whole, damaged] = [join(scratch, "whole"), join(scratch, "damaged")];
    await makeLedger();
    return async () => rmSync(scratch, { recursive: true, force: true });
  },
  make: (random) => {
    const changes = Array.from(
      { length: 1 + random.below(CHANGES_MAX) },
      (): Change => ({
        file: random.below(64),
        // The first page of a database, where its structure is told, as often as all the rest.
        at: random.below(2) === 0 ? random.below(4096) : random.below(1 << 20),
        hex: random.bytes(1 + random.below(8)).toString("hex"),
        cut: random.below(12) === 0,
      }),
    );
    return Buffer.from(JSON.stringify(changes));
  },
  check: async (input) => {
    rmSync(damaged, { recursive: true, force: true });
    cpSync(whole, damaged, { recursive: true });
    for (const change of JSON.parse(Buffer.from(input).toString("utf8")) as Change[]) damage(change);
    let ledger: Ledger | undefined;
    try {
      ledger = await Ledger.open({ directory: damaged });
      const { ok } = await ledger.verify();
      if (ok) assert.deepEqual(ledger.query(), expected);
    } catch (error) {
      if (!ZtlError.isInstance(error)) throw error;
    } finally {
      await ledger?.close();
    }
  },
};
