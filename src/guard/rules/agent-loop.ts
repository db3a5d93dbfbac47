import { anyCase, inSequence, literals, placed, type Rule, type Trigger } from "../rule.ts";

/** The parsers' expressions set no bound. */
const ANY_DISTANCE = 0x3fffffff;

const lineLabel = (text: string): Trigger => ({ text, at: "line-start", shape: "label" });

/** The lines that reasoning-and-acting loops parse: who writes them into an observation writes the agent's next step. */
export const AGENT_LOOP_RULES: readonly Rule[] = [
  {
    id: "react.action-block",
    family: "agent-loop",
    severity: "high",
    meaning:
      "`Action:` and later `Action Input:`, wherever they stand: what the expressions of LangChain, LlamaIndex and CrewAI search for and execute.",
    reason: "contains an agent action block",
    patterns: [
      {
        kind: "sequence",
        leads: [{ text: "Action", shape: "label" }],
        follows: [{ text: "Action", shape: "action-input-label" }],
        withinBytes: ANY_DISTANCE,
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
    meaning:
      "`Action Input:`, or the words that end a ReAct loop; their parsers take them wherever they stand. Rate: 0.",
    reason: "contains words that agent parsers act on",
    patterns: [
      { kind: "trigger", trigger: { text: "Action", shape: "action-input-label" } },
      ...literals("Final Answer:", "Do I need to use a tool?"),
      ...anyCase("action input:", "action_input:"),
      ...placed("line-start", "Tool Input:", "FINAL ANSWER:"),
      ...literals("\nfinal_answer(", "```tool_code", "```tool_call", "```tool_output"),
      inSequence([{ kind: "trigger", trigger: lineLabel("Action") }], literals("Finish[", "Search[", "Lookup["), 24),
      inSequence([{ kind: "trigger", trigger: lineLabel("Act") }], literals("Finish[", "Search[", "Lookup["), 24),
      inSequence(placed("line-start", "Plan:"), literals("#E1 =", "#E1="), 2048),
      ...placed("line-start", "Thought: I now know the final answer", "Thought: I now can give"),
      inSequence(literals("Follow up:", "Intermediate answer:"), literals("So the final answer is:"), 4096),
    ],
  },
  {
    id: "ztl.frame",
    family: "agent-loop",
    severity: "high",
    meaning: "Text like the beginning of the lines with which this package frames what a tool returned.",
    reason: "imitates the frame around a tool's output",
    patterns: anyCase("[ztl "),
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
