import { literals, placed, type Rule } from "../rule.ts";
import { builtInRules, RuleSet } from "../rule-set.ts";
import { scan } from "../scanner.ts";
import type { TemplateTokens } from "./template-tokens.ts";

/** Signs that ordinary sentences and headings do not have. */
const CONTROL_SIGN = /[^\p{L}\p{N}\s.,;:：!?'"()#*_-]/u;

/** The rules that a deployed model's own files add: only what the built-in ones do not find, or not as gravely. */
export function templateRules({ tokens, openers }: Pick<TemplateTokens, "tokens" | "openers">): readonly Rule[] {
  const turns = openers.filter((text) => CONTROL_SIGN.test(text) && scan(text).decision !== "block");
  const headings = openers.filter((text) => !CONTROL_SIGN.test(text) && /[:：#]/.test(text));
  const rules: Rule[] = [
    {
      id: "template.turn",
      family: "chat-template",
      severity: "critical",
      meaning: "What the template of the deployed model writes before a message.",
      reason: "opens a turn of the deployed model",
      patterns: literals(...turns),
    },
    {
      id: "template.token",
      family: "chat-template",
      severity: "high",
      meaning: "A token that the deployed model's tokenizer takes apart from all other text.",
      reason: "contains a control token of the deployed model",
      patterns: literals(...tokens.filter((text) => !turns.includes(text) && scan(text).decision === "admit")),
    },
    {
      id: "template.heading",
      family: "chat-template",
      severity: "medium",
      meaning: "A heading in plain words that the template of the deployed model writes before a message.",
      reason: "imitates a turn of the deployed model",
      patterns: placed("line-start", ...headings),
    },
  ];
  return rules.filter(({ patterns }) => patterns.length > 0);
}

/** These rules and those of models' files; another file makes another hash. */
export function rulesFor(read: readonly TemplateTokens[], rules: RuleSet = builtInRules()): RuleSet {
  const all = (of: (one: TemplateTokens) => readonly string[]): string[] => [...new Set(read.flatMap(of))];
  const own = templateRules({ tokens: all(({ tokens }) => tokens), openers: all(({ openers }) => openers) });
  return new RuleSet([...rules.rules, ...own]);
}
