import { placed, type Rule, type Trigger } from "../rule.ts";

const lineLabel = (text: string): Trigger => ({ text, at: "line-start", shape: "label" });

/** The lines that reasoning-and-acting loops parse: who writes them into an observation writes the agent's next step. */
export const AGENT_LOOP_RULES: readonly Rule[] = [
  {
    id: "react.action-block",
    family: "agent-loop",
    severity: "high",
    meaning: "`Action:` followed by `Action Input:`: what the parsers of LangChain, LlamaIndex and CrewAI execute.",
    reason: "contains an agent action block",
    patterns: [
      {
        kind: "sequence",
        leads: [lineLabel("Action")],
        follows: [{ text: "Action", at: "line-start", shape: "action-input-label" }],
        withinBytes: 2048,
      },
    ],
  },
  {
    id: "react.thought-chain",
    family: "agent-loop",
    severity: "high",
    meaning: "`Thought:` followed by an action, an observation or an answer: a whole step of the loop.",
    reason: "imitates an agent's reasoning step",
    patterns: [
      {
        kind: "sequence",
        leads: [lineLabel("Thought")],
        follows: [lineLabel("Action"), lineLabel("Observation"), lineLabel("Final Answer"), lineLabel("Answer")],
        withinBytes: 2048,
      },
      {
        kind: "sequence",
        leads: [lineLabel("Observation")],
        follows: [lineLabel("Thought"), lineLabel("Final Answer")],
        withinBytes: 2048,
      },
    ],
  },
  {
    id: "react.action-input",
    family: "agent-loop",
    severity: "medium",
    meaning: "A line `Action Input:`, or the sentence that ends a ReAct loop.",
    reason: "contains a line that agent parsers act on",
    patterns: [
      { kind: "trigger", trigger: { text: "Action", at: "line-start", shape: "action-input-label" } },
      ...placed("line-start", "Final Answer:", "Thought: I now know the final answer", "Thought: I now can give"),
    ],
  },
  {
    id: "ztl.frame",
    family: "agent-loop",
    severity: "high",
    meaning: "A line that begins like those with which this package frames what a tool returned.",
    reason: "imitates the frame around a tool's output",
    patterns: ["[ztl "].map((text) => ({ kind: "trigger", trigger: { text, at: "line-start", anyCase: true } })),
  },
  {
    id: "react.label",
    family: "agent-loop",
    severity: "info",
    meaning: "A single label of a ReAct loop; minutes and bug reports have such lines too.",
    reason: "has a line that looks like an agent label",
    patterns: ["Thought", "Action", "Observation"].map((text) => ({ kind: "trigger", trigger: lineLabel(text) })),
  },
];
