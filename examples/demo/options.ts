import { parseArgs } from "node:util";
import { optionProblem } from "../../src/base/option-problem.ts";
import { ZtlError } from "../../src/errors.ts";

export interface DemoOptions {
  /** Decide over the HTTP interface instead of waiting for a person. */
  readonly auto: boolean;
  readonly fast: boolean;
  readonly json: boolean;
  readonly keep: boolean;
  readonly help: boolean;
  /** A real model instead of the scripted one. */
  readonly model: { readonly url: string; readonly name: string } | undefined;
}

export const HELP = `ztl demo [options]

An agent loop on real input: a poisoned PDF and a poisoned page make a gullible model write files, run commands, mail private
data and plant sentences in its vector store; first without a guard, then through the loop. At the end you decide, in a page
of this machine, about what waits. It needs no network and no model: a scripted one speaks OpenAI's chat interface on
loopback. Everything happens in a new directory that is removed at the end.

  --auto              decide over the HTTP interface instead of waiting for a person (the default without a terminal)
  --fast              no pauses
  --json              print one JSON object at the end: each claim, whether it held, and what was found (implies --auto)
  --keep              keep the directory, ledger included
  --model URL         use a real model behind OpenAI's chat interface, such as http://127.0.0.1:11434/v1; the story may
                      differ then. A key is taken from ZTL_MODEL_API_KEY.
  --model-name NAME   its name there

What this host lacks the means for (a usable /dev/kvm, python3) is named and skipped.

Exit status: 0 when every claim was found true; 1 when one was not; 125 when it cannot run here; 130 after Ctrl-C.
`;

/** Throws ZtlError `demo-arguments`. */
export function parseOptions(args: readonly string[], isTerminal: boolean): DemoOptions {
  const values = parse(args);
  const { auto = false, fast = false, json = false, keep = false, help = false, model } = values;
  const name = values["model-name"] ?? "default";
  return {
    auto: auto || json || !isTerminal,
    fast: fast || !isTerminal,
    json,
    keep,
    help,
    model: model === undefined ? undefined : { url: model, name },
  };
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean" } as const;
  const options = {
    auto: flag,
    fast: flag,
    json: flag,
    keep: flag,
    help: { ...flag, short: "h" },
    model: { type: "string" },
    "model-name": { type: "string" },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ZtlError("demo-arguments", optionProblem(error, options), { remedy: "ztl demo --help explains." });
  }
}
