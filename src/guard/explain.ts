import { defined } from "../base/optional.ts";
import type { Decoding, Family, Finding, Severity } from "./finding.ts";
import { type OrdinaryRate, ordinaryRateOf } from "./ordinary-rate.ts";
import { builtInRules, type RuleSet } from "./rule-set.ts";
import { TOKEN_FAMILIES } from "./vocabulary/index.ts";

/** A finding or a rule in the words of whoever reviews it. */
export interface Explanation {
  /** The family in words. */
  readonly family: string;
  /** What the structure is and where it comes from; absent for findings of no rule. */
  readonly meaning?: string;
  /** What may happen when it reaches a model or a program. */
  readonly why: string;
  /** Models that act on the tokens in it. */
  readonly models: readonly string[];
  /** How often the rule withholds ordinary files; absent where that was not measured. */
  readonly ordinary?: OrdinaryRate;
  /** How it was hidden; absent when it stands there plainly. */
  readonly hidden?: string;
}

const FAMILIES: Readonly<Record<Family, readonly [name: string, why: string]>> = {
  "chat-template": [
    "a model's control token",
    "The model's own software cuts a conversation into turns at such tokens. In a tool's output they can end the output and begin a turn in the name of the system or the user.",
  ],
  "agent-loop": [
    "a line that an agent's loop acts on",
    "The software around a model reads its answer line by line and runs what stands after such labels. A model that repeats them makes the loop run somebody else's choice.",
  ],
  langchain: [
    "a structure of LangChain's",
    "LangChain turns such text into objects or prompts. Where it loads it, code or secrets of the program may be reached.",
  ],
  llamaindex: ["a sentence of LlamaIndex's", "Its agent takes such a sentence as the end of a step."],
  autogen: ["a word of AutoGen's", "AutoGen ends a run, or hands it to another agent, when it reads such a word."],
  crewai: ["an action of CrewAI's", "CrewAI looks for such lines and hands work to another agent."],
  "semantic-kernel": [
    "a tag or block of a prompt language",
    "A program that renders it as a prompt makes a message of it, in the name of the role it gives.",
  ],
  "tool-call": [
    "a tool call or a message of a conversation",
    "It has the form in which models call tools, or in which a conversation is sent to them. Software that finds it may run the call or take the message for a real one.",
  ],
  harness: [
    "a tag or word of an agent's harness",
    "The program around a model writes such tags itself, or ends a run at such a word. In a tool's output they speak in its name.",
  ],
  a2a: ["a message between agents", "Another agent's client may take it for a task, or for an answer it waits for."],
  guidance: ["a block of a prompt program", "A program that renders it as a prompt makes a turn of the role it names."],
  dspy: [
    "a field header of DSPy's",
    "DSPy cuts an answer into fields at such headers; a forged one changes what it reads.",
  ],
  mcp: [
    "a message of the Model Context Protocol",
    "A client that reads it as its server's may call tools, or change which tools there are.",
  ],
  terminal: [
    "a control sequence of a terminal",
    "It hides text from whoever reads it at a terminal, or makes the terminal act; a model reads all of it.",
  ],
  unicode: ["characters that cannot be seen", "A model reads what a person does not see, or sees in another order."],
  exfiltration: [
    "markup that loads an address when it is shown",
    "Whatever shows it asks that address, with everything that stands in it, and nobody clicks.",
  ],
  command: ["a system command", "A model that obeys the text around it may run it."],
  secret: ["a secret", "Whoever reads it can use it. The model and the ledger get a note in its place."],
  own: ["a rule of your own", "Your rules ask for it to be looked at."],
  limit: [
    "a limit of the guard",
    "There is more than was looked at. What lies beyond is unknown, and may be harmless.",
  ],
  model: ["a guard model's opinion", "A second scanner read the text and did not call it safe."],
};

const DECODINGS: Readonly<Record<Decoding, string>> = {
  "invalid-utf8": "bytes that are no text in between",
  "overlong-utf8": "letters written with too many bytes",
  "control-character": "control characters in between",
  "terminal-sequence": "terminal colours in between",
  invisible: "invisible characters in between",
  compatibility: "letters of another form",
  confusable: "letters of other scripts that look alike",
  "html-entity": "HTML references",
  percent: "percent encoding",
  escape: "escapes of a programming language",
  base64: "base64",
  hex: "hexadecimal digits",
  "unicode-tags": "invisible Unicode tags",
  "variation-selectors": "invisible variation selectors",
};

const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  info: "is noted only: ordinary texts have it",
  low: "is told, and withholds nothing",
  medium: "waits for a person: ordinary texts hardly ever have it",
  high: "waits for a person: hardly anything but an attack, or a text about one, has it",
  critical: "is blocked; a person can release it only by naming it, and not at all when it is hidden",
};

export function explainFinding({ rule, family, path, excerpt }: Finding, rules: RuleSet = builtInRules()): Explanation {
  // A stored finding may be of a version with other families.
  const [name, why] = FAMILIES[family] ?? FAMILIES.own;
  const meaning = rules.rules.find(({ id }) => id === rule)?.meaning;
  const models = TOKEN_FAMILIES.filter(({ tokens }) =>
    Object.values(tokens).some((list) => list.some((token) => excerpt.includes(token))),
  ).map((entry) => entry.models);
  const hidden = [...new Set(path)].map((decoding) => DECODINGS[decoding] ?? decoding).join(", then ");
  return {
    family: name,
    ...defined({ meaning, hidden: hidden === "" ? undefined : hidden, ordinary: ordinaryRateOf(rule) }),
    why,
    models: family === "chat-template" || family === "tool-call" ? models : [],
  };
}

/** Names of families, and what their structures do, for those who list findings. */
export function familyWords(family: Family): { readonly name: string; readonly why: string } {
  const [name, why] = FAMILIES[family];
  return { name, why };
}

export function severityWords(severity: Severity): string {
  return SEVERITY_WORDS[severity];
}
