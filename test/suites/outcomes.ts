/** How each method of one module ended, by its name. */
export interface Outcomes {
  readonly methods: ReadonlyMap<string, string>;
  /** The module came to its end. */
  readonly isWhole: boolean;
}

/** What a driver wrote; lines that are none of its own are left out. */
export function parseOutcomes(text: string): Outcomes {
  const methods = new Map<string, string>();
  let isWhole = false;
  for (const line of text.split("\n")) {
    const [outcome = "", name] = line.split("\t");
    if (name === undefined) continue;
    if (outcome === "ended") isWhole = true;
    else methods.set(name, outcome);
  }
  return { methods, isWhole };
}

export interface Compared {
  readonly module: string;
  /** Methods that passed natively. */
  readonly passed: number;
  /** Of those, the ones that did not pass in the micro-VM, with what became of them. */
  readonly lost: readonly { readonly name: string; readonly outcome: string }[];
}

/** Undefined when the module does not come to its end natively: then it says nothing about the micro-VM. */
export function compare(module: string, native: Outcomes, inside: Outcomes): Compared | undefined {
  if (!native.isWhole) return undefined;
  const passed = [...native.methods].filter(([, outcome]) => outcome === "passed").map(([name]) => name);
  const lost = passed
    .filter((name) => inside.methods.get(name) !== "passed")
    .map((name) => ({ name, outcome: inside.methods.get(name) ?? "not reached" }));
  return { module, passed: passed.length, lost };
}
