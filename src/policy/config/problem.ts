import { plainText } from "../../base/text/index.ts";
import { ZtlError } from "../../errors.ts";
import { PROBLEMS_SHOWN_MAX } from "../limits.ts";

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Such as `tools.read_pdf.mounts.0.host`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export function problemAt(path: readonly PropertyKey[], message: string): Problem {
  return { path: path.map(String).join("."), message };
}

/**
 * ZtlError `config-invalid`; `details.problems` has every problem. `subject` is what was read, such as a file's path. The
 * message has a line for each problem, and no name from the configuration can begin another line.
 */
export function configInvalid(subject: string, problems: readonly Problem[], options?: ErrorOptions): ZtlError {
  const lines = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map(({ path, message }) => `\n  ${path === "" ? "" : `${plainText(path)}: `}${plainText(message)}`);
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`\n  … and ${more} more`);
  const details = { problems, remedy: "`ztl policy schema` prints what may be written where." };
  return new ZtlError(
    "config-invalid",
    `${plainText(subject)} is not a valid configuration:${lines.join("")}`,
    details,
    options,
  );
}
