import { keyed, literals, object, type Pattern, type Rule, type Trigger } from "../rule.ts";

const triggers = (patterns: readonly Pattern[]): Trigger[] =>
  patterns.flatMap((pattern) => (pattern.kind === "trigger" ? [pattern.trigger] : []));
const LC = triggers(keyed("lc", "1", "2"));
const TYPE = triggers(keyed("type", "constructor", "secret", "not_implemented"));

/** LangChain's serialised objects and the template languages its prompts are written in. */
export const LANGCHAIN_RULES: readonly Rule[] = [
  {
    id: "langchain.serialised",
    family: "langchain",
    severity: "critical",
    meaning: "A serialised constructor or secret: `load()` makes the object (CVE-2025-68664, CVE-2025-68665).",
    reason: "contains a serialised LangChain object",
    patterns: [
      object("lc", "type=constructor"),
      object("lc", "type=secret"),
      object("lc", "type=not_implemented"),
      object("lc:number", "id:array"),
    ],
  },
  {
    id: "langchain.marker",
    family: "langchain",
    severity: "high",
    meaning: "The marker of LangChain's serialisation, or of its escaping, which only its own code writes.",
    reason: "contains a LangChain serialisation marker",
    patterns: [
      { kind: "sequence", leads: LC, follows: TYPE, withinBytes: 512 },
      { kind: "sequence", leads: TYPE, follows: LC, withinBytes: 512 },
      ...literals('"__lc_escaped__"', "'__lc_escaped__'"),
    ],
  },
  {
    id: "langchain.json-action",
    family: "langchain",
    severity: "high",
    meaning: "The JSON form of an agent action (structured chat agents).",
    reason: "contains an agent action in JSON",
    patterns: [
      object("action:string", "action_input"),
      ...keyed("action", "Final Answer"),
      ...literals('"action_input"', "'action_input'"),
    ],
  },
  {
    id: "template.expression",
    family: "langchain",
    severity: "info",
    meaning: "Mustache, Jinja or f-string syntax; it runs only when the text itself is used as a template.",
    reason: "contains template syntax",
    sinks: { template: "high" },
    patterns: literals("{{", "{%", "{#", "${"),
  },
  {
    id: "template.object-access",
    family: "langchain",
    severity: "info",
    meaning: "Access to an object's insides from a template: the way from a template to running code (CVE-2026-40087).",
    reason: "reaches into objects from template syntax",
    sinks: { template: "critical" },
    patterns: literals("__class__", "__globals__", "__subclasses__", "__builtins__", "__init__", "__mro__"),
  },
];
