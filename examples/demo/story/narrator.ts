import { setTimeout as rest } from "node:timers/promises";
import { cutPlace, oneLine, plainText } from "../../../src/base/text/index.ts";
import { COLUMNS, PAUSE_MS, QUOTE_CHARACTERS_MAX } from "../limits.ts";

export type Tone = "plain" | "good" | "bad" | "quiet" | "title";

/** SGR codes (ECMA-48, 8.3.117). */
const CODES: Readonly<Record<Tone, string>> = { plain: "", good: "32", bad: "31", quiet: "2", title: "1" };

export interface NarratorOptions {
  readonly write: (text: string) => void;
  readonly colours: boolean;
  readonly pauses: boolean;
  readonly signal: AbortSignal;
}

/** Tells the story: wrapped lines of ours, in which hostile text appears only as quotes. */
export class Narrator {
  readonly #options: NarratorOptions;

  constructor(options: NarratorOptions) {
    this.#options = options;
  }

  /** One paragraph; further lines are indented as deep as the first one's text, or by so many columns. */
  say(text: string, tone: Tone = "plain", indentColumns?: number): void {
    for (const line of wrap(text, indentColumns)) this.line(line, tone);
  }

  /** A line to be copied, so it is not wrapped. */
  line(text: string, tone: Tone = "plain"): void {
    this.#options.write(`${this.#coloured(text, tone)}\n`);
  }

  blank(): void {
    this.#options.write("\n");
  }

  /** Time to read. Rejects with the signal's reason. */
  async pause(): Promise<void> {
    const { pauses, signal } = this.#options;
    if (pauses) await rest(PAUSE_MS, undefined, { signal });
  }

  #coloured(line: string, tone: Tone): string {
    const code = CODES[tone];
    return this.#options.colours && code !== "" ? `\x1b[${code}m${line}\x1b[0m` : line;
  }
}

/** Text of others on one line, with every character visible, and not too long. */
export function quote(text: string, charactersMax = QUOTE_CHARACTERS_MAX): string {
  return `"${shown(text, charactersMax)}"`;
}

/** The same for names, which stand without quotation marks. */
export function shown(text: string, charactersMax = QUOTE_CHARACTERS_MAX): string {
  const line = oneLine(text);
  return line.length <= charactersMax
    ? plainText(line)
    : `${plainText(line.slice(0, cutPlace(line, charactersMax - 1)))}…`;
}

function wrap(text: string, indentColumns = /^\s*(?:[-!+] )?/.exec(text)?.[0].length ?? 0): string[] {
  const indent = " ".repeat(indentColumns);
  const lines: string[] = [];
  let rest = text;
  while (rest.length > COLUMNS) {
    const space = rest.lastIndexOf(" ", COLUMNS);
    // A word that is longer than a line stands as it is.
    const at = space > indent.length ? space : rest.indexOf(" ", COLUMNS);
    if (at < 0) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = indent + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}
