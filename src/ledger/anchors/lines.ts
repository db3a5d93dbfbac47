import { ZtlError } from "../../errors.ts";
import { ANCHOR_LINES_MAX } from "../limits.ts";

/** The last lines of a text; its first one is left out when the text may begin within it. */
export function linesOf(text: string, isCut: boolean): readonly string[] {
  return text
    .split("\n")
    .slice(isCut ? 1 : 0)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-ANCHOR_LINES_MAX);
}

export function unusable(name: string, cause: unknown): ZtlError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ZtlError("anchor-unusable", `The anchor ${name} cannot be used: ${reason}`, { anchor: name }, { cause });
}
