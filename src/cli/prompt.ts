import { createInterface, type Interface } from "node:readline/promises";
import { writeText } from "./output.ts";

let shared: Interface | undefined;
let ended = false;
/** Lines that came before they were asked for. */
const early: string[] = [];
const waiting: ((line: string) => void)[] = [];

/** One line from the terminal, without white space around it; empty when there will be none any more. */
export async function ask(question: string): Promise<string> {
  writeText(process.stdout, question);
  open();
  const line = early.shift();
  if (line !== undefined) return line.trim();
  if (ended) return "";
  return (await new Promise<string>((resolve) => waiting.push(resolve))).trim();
}

/** Lets the process end although a terminal is still there. */
export function closePrompt(): void {
  shared?.close();
  process.stdin.unref?.();
}

/** One reader for all questions: each would otherwise swallow what was typed ahead. */
function open(): void {
  if (shared !== undefined) return;
  shared = createInterface({ input: process.stdin, terminal: false });
  shared.on("line", (line) => {
    const next = waiting.shift();
    if (next === undefined) early.push(line);
    else next(line);
  });
  shared.on("close", () => {
    ended = true;
    for (const resolve of waiting.splice(0)) resolve("");
  });
}
