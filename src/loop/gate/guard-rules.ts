import { readBounded } from "../../base/bounded-file.ts";
import { ZtlError } from "../../errors.ts";
import {
  builtInRules,
  OWN_RULES_BYTES_MAX,
  type RuleSet,
  readTokens,
  rulesFor,
  TEMPLATE_BYTES_MAX,
  withOwnRules,
} from "../../guard/index.ts";

/** The files a configuration names for the guard, as absolute paths. */
export interface GuardFiles {
  /** Rules of one's own. */
  readonly rules?: string | undefined;
  /** What the deployed models' prompts are made with. */
  readonly templates?: readonly string[] | undefined;
}

/**
 * The built-in rules with those of these files; all are part of the rule set's hash, so what was admitted under other files is looked
 * at again. Throws ZtlError `rules-missing`, `rules-invalid`, `rules-too-many`, `template-missing`, `template-malformed`, or what
 * `parseJson` throws.
 */
export function guardRules({ rules: file, templates = [] }: GuardFiles = {}): RuleSet {
  const rules = file === undefined ? builtInRules() : withOwnRules(rulesFile(file));
  if (templates.length === 0) return rules;
  return rulesFor(
    templates.map((template) => readTokens(templateFile(template), template)),
    rules,
  );
}

function rulesFile(file: string): Buffer {
  try {
    return readBounded(file, OWN_RULES_BYTES_MAX);
  } catch (cause) {
    throw new ZtlError("rules-missing", `The file ${file} of guard.rules cannot be read`, {}, { cause });
  }
}

function templateFile(file: string): string {
  try {
    return readBounded(file, TEMPLATE_BYTES_MAX).toString("utf8");
  } catch (cause) {
    throw new ZtlError("template-missing", `The file ${file} of guard.templates cannot be read`, {}, { cause });
  }
}
