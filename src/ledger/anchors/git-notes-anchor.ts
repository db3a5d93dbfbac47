import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ANCHOR_GIT_TIMEOUT_MS, ANCHOR_LINES_MAX, ANCHOR_READ_BYTES_MAX } from "../limits.ts";
import { linesOf, unusable } from "./lines.ts";
import type { Anchor } from "./place.ts";

const run = promisify(execFile);
/** refs/notes/…: pushed elsewhere with `git push origin refs/notes/ztl-ledger`, it is out of reach of whoever has this machine. */
const REF = "ztl-ledger";

/** Notes of a git repository: a line goes to the note of the commit that is checked out. */
export class GitNotesAnchor implements Anchor {
  readonly name: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.name = `git notes of ${directory}`;
    this.#directory = directory;
  }

  async keep(line: string): Promise<void> {
    await this.#git("notes", `--ref=${REF}`, "append", "-m", line, "HEAD");
  }

  async lines(): Promise<readonly string[]> {
    const listed = await this.#git("notes", `--ref=${REF}`, "list");
    const notes = listed.split("\n").flatMap((line) => line.split(" ")[0] || []);
    const texts: string[] = [];
    for (const note of notes.slice(0, ANCHOR_LINES_MAX)) texts.push(await this.#git("cat-file", "blob", note));
    return linesOf(texts.join("\n"), false);
  }

  async #git(...args: string[]): Promise<string> {
    // Nobody is asked for anything, and notes need no hooks.
    const safe = ["-c", "core.hooksPath=/dev/null", "-c", "user.name=ztl", "-c", "user.email=ztl@localhost"];
    try {
      const { stdout } = await run("git", ["-C", this.#directory, ...safe, ...args], {
        timeout: ANCHOR_GIT_TIMEOUT_MS,
        maxBuffer: ANCHOR_READ_BYTES_MAX,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, GIT_TERMINAL_PROMPT: "0" },
      });
      return stdout;
    } catch (error) {
      throw unusable(this.name, error);
    }
  }
}
