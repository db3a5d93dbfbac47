import { suggestion } from "./suggestion.ts";
import { errorCode } from "./system-error.ts";

/** What is wrong with a command line, of what parseArgs of node:util threw; with the option that was probably meant. */
export function optionProblem(error: unknown, options: Readonly<Record<string, unknown>>): string {
  const message = error instanceof Error ? error.message : String(error);
  if (errorCode(error) !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") return message;
  const written = /'(--?[^']*)'/.exec(message)?.[1] ?? "";
  const names = Object.keys(options).map((name) => `--${name}`);
  // A word behind one dash is as often a long option that lacks the other.
  const meant = suggestion(written.replace(/^-(?=[^-]{2})/, "--"), names);
  return `there is no option ${written}${meant}`;
}
