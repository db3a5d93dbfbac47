import { literals, type Rule, shaped } from "../rule.ts";
import { type TokenFamily, tokensOf } from "../vocabulary/index.ts";

/** What the shapes of `chat-template.ts` say about any name needs no literal. */
const HAS_A_SHAPE =
  /^(<\|[^|]{2,}\|>|<｜|\[\||\]~|\[e~|<\w+_of_|<\|[a-z]{3,}>|<[a-z]{3,}\|>|<extra_id_|<SPECIAL_|\[UNUSED_)/;

/** The tokens that families have by name, as rules. */
export function vocabularyRules(families: readonly TokenFamily[]): readonly Rule[] {
  const without = (texts: readonly string[]): string[] => texts.filter((text) => !HAS_A_SHAPE.test(text));
  const rules: Rule[] = [
    {
      id: "vocabulary.turn",
      family: "chat-template",
      severity: "critical",
      meaning: "What opens a turn in the template of a known family of models.",
      reason: "opens a conversation turn with chat template tokens",
      patterns: literals(...without(tokensOf(families, "turn")), ...tokensOf(families, "start")),
    },
    {
      id: "vocabulary.token",
      family: "chat-template",
      severity: "high",
      meaning: "A control token of a known family of models.",
      reason: "contains a chat template control token",
      patterns: literals(...without(tokensOf(families, "boundary", "other", "reasoning"))),
    },
    {
      id: "vocabulary.mark",
      family: "chat-template",
      severity: "medium",
      meaning: "A token at the end of a sequence that now and then has another meaning: 2 of 38,586 ordinary files.",
      reason: "contains a model's sequence boundary token",
      patterns: shaped("ungrouped", ...without(tokensOf(families, "mark"))),
    },
    {
      id: "vocabulary.tool",
      family: "tool-call",
      severity: "high",
      meaning: "What stands around tool calls and their results in the template of a known family of models.",
      reason: "contains tool call tokens",
      patterns: literals(...without(tokensOf(families, "tool"))),
    },
  ];
  return rules.filter(({ patterns }) => patterns.length > 0);
}
