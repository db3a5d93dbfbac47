import { findAddresses } from "./addresses.ts";
import { findDates } from "./calendar.ts";
import type { Fact, Facts, RawFact } from "./fact.ts";
import { findIdentifiers } from "./identifiers.ts";
import { FACT_BITS_MIN, FACTS_MAX } from "./limits.ts";
import { findNames } from "./names.ts";
import { findNumbers } from "./numbers.ts";
import { type TextView, viewsOf } from "./views.ts";

const FINDERS = [findAddresses, findNumbers, findDates, findIdentifiers, findNames] as const;

/** Quotes around a value, or a full stop after it, leave it the whole. */
const AROUND_UNITS_MAX = 2;

export interface FactsOptions {
  /** Looks at it backwards and with rotated letters, too: for what a model wrote. */
  readonly rewritten?: boolean;
}

/** All values in a text that can be compared, each key at each place once, in no particular order. Linear in the text. */
export function factsOf(content: string, options: FactsOptions = {}): Fact[] {
  const collected = new Collected();
  for (const view of viewsOf(content, options.rewritten === true)) {
    for (const find of FINDERS) find(view.text, collected.of(view));
  }
  return collected.all();
}

class Collected {
  readonly #facts = new Map<string, Fact>();

  of(view: TextView): Facts {
    const facts = this.#facts;
    const units = view.text.trim().length;
    return {
      get isFull() {
        return facts.size >= FACTS_MAX;
      },
      add({ kind, key, bits, start, end }: RawFact) {
        if (bits < FACT_BITS_MIN || facts.size >= FACTS_MAX) return;
        const place = view.origin(start, end);
        const at = `${key} ${place.start}`;
        // The outermost view comes first: what stands there in clear needs no decoding.
        const fills = end - start >= units - AROUND_UNITS_MAX;
        if (!facts.has(at)) facts.set(at, { kind, key, bits, ...place, transforms: view.transforms, fills });
      },
    };
  }

  all(): Fact[] {
    return [...this.#facts.values()];
  }
}
