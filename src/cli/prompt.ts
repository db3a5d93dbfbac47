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

/** The same for what nobody is to see on the screen. */
export async function askSecret(question: string): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return ask(question);
  const interrupt = (bytes: Buffer): void => {
    if (bytes.includes(CTRL_C)) {
      stdin.setRawMode(false);
      process.kill(process.pid, "SIGINT");
    }
  };
  // Without its line discipline the terminal echoes nothing, nor does it edit.
  stdin.setRawMode(true);
  stdin.on("data", interrupt);
  try {
    return edited(await ask(question));
  } finally {
    stdin.off("data", interrupt);
    stdin.setRawMode(false);
    writeText(process.stdout, "\n");
  }
}

const CTRL_C = 0x03;
const ERASE = "\x7f";
const ERASE_LINE = "\x15";

function edited(typed: string): string {
  let line = "";
  for (const character of typed) {
    if (character === ERASE) line = line.slice(0, -1);
    else if (character === ERASE_LINE) line = "";
    else line += character;
  }
  return line;
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
