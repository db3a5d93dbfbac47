import { readFileSync } from "node:fs";
import { ZtlError } from "../../errors.ts";
import { type RuleSet, readTokens, rulesFor } from "../../guard/index.ts";

/**
 * The guard's rules with those that these files of deployed models add; they are part of the rule set's hash, so what was admitted under
 * other files is looked at again. Throws ZtlError `template-missing` or `template-malformed`.
 */
export function rulesForModels(files: readonly string[] | undefined, rules: RuleSet): RuleSet {
  if (files === undefined || files.length === 0) return rules;
  return rulesFor(
    files.map((file) => readTokens(contentOf(file), file)),
    rules,
  );
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ZtlError("template-missing", `The file ${file} of guard.templates cannot be read`, { cause });
  }
}
