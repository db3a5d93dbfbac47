import type { Rule } from "../rule.ts";
import { TOKEN_FAMILIES } from "../vocabulary/index.ts";
import { AGENT_LOOP_RULES } from "./agent-loop.ts";
import { CHAT_TEMPLATE_RULES } from "./chat-template.ts";
import { COMMAND_RULES } from "./command.ts";
import { EXFILTRATION_RULES } from "./exfiltration.ts";
import { HARNESS_RULES } from "./harness.ts";
import { LANGCHAIN_RULES } from "./langchain.ts";
import { ORCHESTRATOR_RULES } from "./orchestrators.ts";
import { SECRET_RULES } from "./secrets.ts";
import { TERMINAL_RULES } from "./terminal.ts";
import { MCP_RULES, TOOL_CALL_RULES } from "./tool-call.ts";
import { UNICODE_RULES } from "./unicode.ts";
import { vocabularyRules } from "./vocabulary.ts";
import { WIRE_RULES } from "./wires.ts";

/** What is found without knowing any model: shapes, agent loops, wire formats. */
export const RULES_WITHOUT_VOCABULARY: readonly Rule[] = [
  ...CHAT_TEMPLATE_RULES,
  ...AGENT_LOOP_RULES,
  ...LANGCHAIN_RULES,
  ...ORCHESTRATOR_RULES,
  ...HARNESS_RULES,
  ...TOOL_CALL_RULES,
  ...WIRE_RULES,
  ...MCP_RULES,
  ...TERMINAL_RULES,
  ...UNICODE_RULES,
  ...EXFILTRATION_RULES,
  ...COMMAND_RULES,
  ...SECRET_RULES,
];

/** Every rule this package ships. */
export const BUILT_IN_RULES: readonly Rule[] = [...RULES_WITHOUT_VOCABULARY, ...vocabularyRules(TOKEN_FAMILIES)];
