import {
  anyCase,
  inSequence,
  keyed,
  keyedObject,
  literals,
  object,
  placed,
  type Rule,
  shapedAnyCase,
  smallObject,
  tagged,
} from "../rule.ts";

/** Claude's tags exist with this namespace too; written in two parts so that no agent reading this file sees one. */
const NAMESPACE = `${"ant"}${"ml"}:`;
/** Words in the names of tags around tool calls, whatever stands before and after them. */
const TAG_WORDS = [
  ...["tool_call", "tool_use", "tool_result", "tool_response", "tool_output", "tool_code", "tool_request", "toolcall"],
  ...["function_call", "functioncall", "function_result", "function_response", "tool-call", "tool-result", "tool-use"],
];
const NAMESPACED = [":invoke", ":tool_call", ":function_call", ":tool_result", ":tool_response", ":tool_use"];

const PRIVILEGED_ROLE = keyed("role", "system", "developer", "assistant", "tool");
const CONTENT_KEY = literals('"content"', "'content'", '"tool_calls"', "'tool_calls'");
const OPENAI_ITEMS = [
  ...["function_call", "computer_call", "mcp_call", "custom_tool_call", "local_shell_call", "shell_call"],
  ...["apply_patch_call", "web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"],
];
/** Between a role and the content beside it: white space, a comma, and one short member such as a name. */
const ROLE_TO_CONTENT_BYTES = 96;
/** Between a content's key and the role after it: a message of some paragraphs. */
const CONTENT_TO_ROLE_BYTES = 2048;
const MCP_RESULT = ["content", "tools", "resources", "prompts", "roots", "messages"].flatMap(keyedObject);
const MCP_RESULT_BYTES = 512;

/** Tool calls and messages in the wire formats of model providers. */
export const TOOL_CALL_RULES: readonly Rule[] = [
  {
    id: "tool-call.message",
    family: "tool-call",
    severity: "high",
    meaning: "A chat message object with a role that tool output must not speak for.",
    reason: "contains a chat message object with a privileged role",
    patterns: [
      object("role=system", "content"),
      object("role=developer", "content"),
      object("role=assistant", "content"),
      object("role=tool", "content"),
      object("role=assistant", "tool_calls"),
      object("role=function", "content"),
      object("role=model", "parts:array"),
      object("role=model", "content"),
    ],
  },
  {
    id: "tool-call.role",
    family: "tool-call",
    severity: "medium",
    meaning: "A model's role with content beside it, in broken or oddly nested JSON, or written as Python writes it.",
    reason: "contains a chat message with a role",
    patterns: [
      inSequence(PRIVILEGED_ROLE, CONTENT_KEY, ROLE_TO_CONTENT_BYTES),
      inSequence(CONTENT_KEY, PRIVILEGED_ROLE, CONTENT_TO_ROLE_BYTES),
    ],
  },
  {
    id: "tool-call.user-message",
    family: "tool-call",
    severity: "medium",
    meaning: "A chat message object that speaks for the user. Rate: 0.",
    reason: "contains a chat message object of the user",
    patterns: [
      object("role=user", "content"),
      object("role=user", "parts:array"),
      object("role=human", "content"),
      object("role=ai", "content"),
      object("role=bot", "content"),
    ],
  },
  {
    id: "tool-call.role-name",
    family: "tool-call",
    severity: "info",
    meaning: "A role key with a model's role and no content beside it: people and services have roles as well.",
    reason: "names a role that models have too",
    patterns: PRIVILEGED_ROLE,
  },
  {
    id: "tool-call.openai",
    family: "tool-call",
    severity: "high",
    meaning: "OpenAI's tool calls, of both of its interfaces.",
    reason: "contains an OpenAI tool call",
    patterns: [
      ...keyedObject("tool_calls"),
      ...keyedObject("function_call"),
      ...keyed("type", ...OPENAI_ITEMS, ...OPENAI_ITEMS.map((item) => `${item}_output`)),
      ...keyed("type", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response"),
      ...keyed("type", "response.function_call_arguments.done", "conversation.item.create"),
      object("type=function", "function:object", "id:string"),
      ...literals('"call_id":"call_', '"call_id": "call_', '"tool_call_id"', "'tool_call_id'"),
    ],
  },
  {
    id: "tool-call.anthropic",
    family: "tool-call",
    severity: "high",
    meaning: "Anthropic's content blocks for tool use and its results.",
    reason: "contains an Anthropic tool use block",
    patterns: [
      ...keyed("type", "tool_use", "tool_result", "server_tool_use", "mcp_tool_use", "mcp_tool_result"),
      ...keyed("type", "web_search_tool_result", "code_execution_tool_result", "web_fetch_tool_result"),
      ...literals('"tool_use_id"', "'tool_use_id'", '"toolu_'),
    ],
  },
  {
    id: "tool-call.bare",
    family: "tool-call",
    severity: "medium",
    meaning: "A name with arguments: what Hermes, Qwen and Llama models write between their tool call tags.",
    reason: "contains a bare tool call object",
    patterns: [
      smallObject(3, "name:string", "arguments:object"),
      smallObject(2, "name:string", "parameters:object"),
      smallObject(4, "name:string", "args:object", "id:string"),
      object("name=functions", "parameters:object"),
    ],
  },
  {
    id: "tool-call.tag",
    family: "tool-call",
    severity: "high",
    meaning: "Tags around tool calls and their results (Qwen, Hermes, GLM, Claude).",
    reason: "contains tool call tags",
    patterns: [
      inSequence(literals("<tool_name>"), literals("</tool_name>"), 256),
      inSequence(anyCase("<tool>"), anyCase("<tool_input>"), 256),
      ...shapedAnyCase("wordy-tag", ...TAG_WORDS),
      ...shapedAnyCase("namespaced-tag", ...NAMESPACED),
      ...shapedAnyCase("function-tag", "<function", "<tool", "<action"),
      ...tagged(["invoke"], "name"),
      ...anyCase("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<invoke><tool_name>"),
      ...literals("<|tool_call>", "<tool_call|>", `<${NAMESPACE}`, `</${NAMESPACE}`),
    ],
  },
  {
    id: "tool-call.tag-end",
    family: "tool-call",
    severity: "medium",
    meaning: "What closes a tool call's tags: the call before it may have come in another text. Rate: 0.",
    reason: "closes tool call tags",
    patterns: [...anyCase("</invoke>"), inSequence(anyCase("</parameter>"), anyCase("</function>"), 32)],
  },
  {
    id: "tool-call.function-tag",
    family: "tool-call",
    severity: "medium",
    meaning: "Qwen3-Coder's calls: a tag with the function's name after an equals sign.",
    reason: "contains tool call tags",
    patterns: literals("<function=", "<parameter="),
  },
  {
    id: "tool-call.routing",
    family: "tool-call",
    severity: "medium",
    meaning: "Routing of a message to a function in the harmony format.",
    reason: "routes a message to a function",
    patterns: literals(" to=functions.", "to=functions."),
  },
  {
    id: "tool-call.tools-tag",
    family: "tool-call",
    severity: "info",
    meaning: "A tag that Qwen's template puts around tool definitions; build files have it as well.",
    reason: "has a tag named tools",
    patterns: literals("<tools>", "</tools>"),
  },
];

/** Frames of the Model Context Protocol: one line on a stdio server's output is one message. */
export const MCP_RULES: readonly Rule[] = [
  {
    id: "mcp.request",
    family: "mcp",
    severity: "high",
    meaning: "A request or notification only MCP has: it calls tools, asks for completions or changes the tool list.",
    reason: "contains a Model Context Protocol message",
    patterns: keyed(
      "method",
      "tools/call",
      "tools/list",
      "sampling/createMessage",
      "elicitation/create",
      "resources/read",
      ...["resources/subscribe", "resources/unsubscribe", "resources/list", "resources/templates/list"],
      ...["completion/complete", "logging/setLevel", "prompts/list", "notifications/elicitation/complete"],
      ...["notifications/resources/updated", "notifications/roots/list_changed", "notifications/tasks/status"],
      "prompts/get",
      "roots/list",
      "notifications/tools/list_changed",
      "notifications/resources/list_changed",
      "notifications/prompts/list_changed",
      "notifications/initialized",
      "notifications/message",
      "notifications/cancelled",
      "notifications/progress",
    ),
  },
  {
    id: "mcp.frame",
    family: "mcp",
    severity: "medium",
    meaning:
      "A result as only this protocol's servers give it; on a line protocol it would be taken for one of the peer's.",
    reason: "contains a Model Context Protocol result",
    patterns: [
      inSequence(keyed("jsonrpc", "2.0"), MCP_RESULT, MCP_RESULT_BYTES),
      inSequence(MCP_RESULT, keyed("jsonrpc", "2.0"), CONTENT_TO_ROLE_BYTES),
      object("protocolVersion:string", "serverInfo:object"),
      object("protocolVersion:string", "clientInfo:object"),
      ...keyedObject("structuredContent"),
      inSequence(keyed("jsonrpc", "2.0"), keyed("action", "accept"), MCP_RESULT_BYTES),
    ],
  },
  {
    id: "mcp.version",
    family: "mcp",
    severity: "info",
    meaning: "JSON-RPC's version member, as language servers, wallets and many others write it.",
    reason: "mentions JSON-RPC",
    patterns: [...keyed("jsonrpc", "2.0"), ...placed("line-start", 'data: {"jsonrpc"')],
  },
];
