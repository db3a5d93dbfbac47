import { literals, placed, type Rule } from "../rule.ts";

/** Sentences and tags that LlamaIndex, AutoGen, CrewAI, Semantic Kernel, Guidance and DSPy act on. */
export const ORCHESTRATOR_RULES: readonly Rule[] = [
  {
    id: "llamaindex.step",
    family: "llamaindex",
    severity: "medium",
    meaning: "The sentences LlamaIndex's ReAct agent uses to end a step.",
    reason: "contains a LlamaIndex agent sentence",
    patterns: literals(
      "Thought: I can answer without using any more tools",
      "Thought: I cannot answer the question with the provided tools",
      "I'll use the user's language to answer",
    ),
  },
  {
    id: "autogen.terminate",
    family: "autogen",
    severity: "medium",
    meaning: "AutoGen's TextMentionTermination ends a run when any message contains the word.",
    reason: "contains AutoGen's termination word",
    patterns: placed("whole-line", "TERMINATE"),
  },
  {
    id: "autogen.mention",
    family: "autogen",
    severity: "info",
    meaning: "The termination word inside a line; also an ordinary word of assemblers and databases.",
    reason: "mentions AutoGen's termination word",
    patterns: placed("word", "TERMINATE"),
  },
  {
    id: "autogen.handoff",
    family: "autogen",
    severity: "medium",
    meaning: "The name of a handoff tool, quoted as in a call.",
    reason: "names an agent handoff tool",
    patterns: literals('"transfer_to_', "'transfer_to_", '"name":"transfer_to_'),
  },
  {
    id: "crewai.delegation",
    family: "crewai",
    severity: "high",
    meaning: "CrewAI searches the output for these actions to hand work to another agent.",
    reason: "contains a CrewAI delegation action",
    patterns: literals(
      "Action: Delegate work to coworker",
      "Action: Ask question to coworker",
      "Delegate work to coworker",
      "Ask question to coworker",
    ),
  },
  {
    id: "semantic-kernel.message",
    family: "semantic-kernel",
    severity: "high",
    meaning: "Semantic Kernel parses rendered prompts as XML: this tag starts a message of the given role.",
    reason: "contains a Semantic Kernel message tag",
    patterns: ['"', "'"].flatMap((quote) =>
      ["system", "developer", "assistant", "user", "tool"].flatMap((role) =>
        literals(`<message role=${quote}${role}${quote}`),
      ),
    ),
  },
  {
    id: "semantic-kernel.variable",
    family: "semantic-kernel",
    severity: "info",
    meaning: "A variable in Semantic Kernel's template language.",
    reason: "contains Semantic Kernel template syntax",
    sinks: { template: "high" },
    patterns: literals("{{$", "{{ $"),
  },
  {
    id: "guidance.block",
    family: "semantic-kernel",
    severity: "high",
    meaning: "Role blocks of Guidance programs, with the tilde that Mustache does not have.",
    reason: "contains a Guidance role block",
    patterns: ["system", "user", "assistant"].flatMap((role) =>
      literals(`{{#${role}~}}`, `{{~#${role}~}}`, `{{~#${role}}}`, `{{/${role}~}}`, `{{~/${role}}}`, `{{~/${role}~}}`),
    ),
  },
  {
    id: "guidance.section",
    family: "semantic-kernel",
    severity: "info",
    meaning: "A section named after a role: Guidance's early form, and Mustache's for anything called user.",
    reason: "has a template section named after a role",
    sinks: { template: "high" },
    patterns: ["system", "user", "assistant"].flatMap((role) => literals(`{{#${role}}}`, `{{/${role}}}`)),
  },
  {
    id: "dspy.field",
    family: "llamaindex",
    severity: "medium",
    meaning: "Field headers with which DSPy splits a completion.",
    reason: "contains a DSPy field header",
    patterns: literals("[[ ## "),
  },
];
