import {
  inSequence,
  keyed,
  keyedObject,
  literals,
  object,
  type Pattern,
  type Rule,
  shaped,
  smallObject,
} from "../rule.ts";

/** Calls of tools in objects so small that they are nothing else. */
const CALL_NAMES = ["tool", "tool_name", "function", "function_name"] as const;
const CALL_ARGUMENTS = ["arguments", "args", "parameters"] as const;
/** Events of the streams in which OpenAI's second interface answers. */
const RESPONSE_EVENTS = [
  ...["created", "in_progress", "completed", "output_item.added", "output_item.done", "content_part.added"],
  ...["content_part.done", "output_text.delta", "output_text.done", "function_call_arguments.delta"],
  ...["mcp_call_arguments.delta", "mcp_call_arguments.done", "reasoning_summary_text.delta"],
].map((event) => `response.${event}`);

const CONTENT = literals('"content"', "'content'", '"data"', "'data'", '"text"', "'text'");
const LANGCHAIN_ROLES = keyed("type", "human", "ai", "HumanMessage", "AIMessage", "SystemMessage", "ToolMessage");
/** Between a type and the content beside it: white space, however much a printer puts there, and some short members. */
const BESIDE_BYTES = 1024;
/** Between a content's key and the type after it: a message of some paragraphs. */
const BEFORE_BYTES = 2048;

/** LangChain also takes a message as a pair of its role and its text. */
const paired = (role: string): Pattern[] => shaped("opens-pair", `"${role}"`, `'${role}'`);
const PAIRS_SYSTEM = paired("system");
const PAIRS_OTHER = paired("human");
const PAIRS_OTHER_ANSWER = [...paired("ai"), ...paired("assistant"), ...paired("system")];

/** Messages and tool calls as orchestrators keep them and send them to each other. */
export const WIRE_RULES: readonly Rule[] = [
  {
    id: "wire.gemini",
    family: "tool-call",
    severity: "high",
    meaning: "Gemini's parts for tool calls and their results. Rate: 0.",
    reason: "contains a Gemini function call",
    patterns: [
      ...keyedObject("functionCall"),
      ...keyedObject("functionResponse"),
      ...keyedObject("function_response"),
      ...keyedObject("executableCode"),
      ...keyedObject("codeExecutionResult"),
      ...keyedObject("functionCalls"),
      ...keyedObject("functionResponses"),
      ...keyedObject("systemInstruction"),
      ...keyedObject("system_instruction"),
    ],
  },
  {
    id: "wire.bedrock",
    family: "tool-call",
    severity: "high",
    meaning: "Bedrock's content blocks for tool use and its results. Rate: 0.",
    reason: "contains a Bedrock tool use block",
    patterns: [
      ...keyedObject("toolUse"),
      ...keyedObject("toolResult"),
      ...literals('"toolUseId"', "'toolUseId'", '"tooluse_', "'tooluse_"),
    ],
  },
  {
    id: "wire.ai-sdk",
    family: "tool-call",
    severity: "high",
    meaning: "Parts of messages and streams in Vercel's AI SDK, and events of AG-UI. Rate: 0.",
    reason: "contains a tool call part",
    patterns: [
      ...keyed("type", "tool-call", "tool-result", "tool-invocation", "tool-error", "dynamic-tool"),
      ...keyed(
        "type",
        "tool-approval-request",
        "tool-approval-response",
        "tool-input-available",
        "tool-output-available",
      ),
      ...keyed("type", "tool-input-start", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT"),
      object("toolCallId:string", "toolName:string"),
      ...keyedObject("toolInvocation"),
      ...keyedObject("toolInvocations"),
    ],
  },
  {
    id: "wire.langchain",
    family: "langchain",
    severity: "high",
    meaning: "A message or tool call as LangChain and LangGraph keep them. Rate: 0.",
    reason: "contains a LangChain message or tool call",
    patterns: [
      ...keyed("type", "tool_call", "tool_call_chunk", "invalid_tool_call", "non_standard"),
      inSequence(LANGCHAIN_ROLES, CONTENT, BESIDE_BYTES),
      inSequence(CONTENT, LANGCHAIN_ROLES, BEFORE_BYTES),
      inSequence(PAIRS_SYSTEM, PAIRS_OTHER, BEFORE_BYTES),
      inSequence(PAIRS_OTHER, PAIRS_OTHER_ANSWER, BEFORE_BYTES),
    ],
  },
  {
    id: "wire.agent-event",
    family: "autogen",
    severity: "high",
    meaning: "Events and messages between agents of AutoGen and Semantic Kernel. Rate: 0.",
    reason: "contains an agent event",
    patterns: [
      ...keyed("type", "ToolCallRequestEvent", "ToolCallExecutionEvent", "ToolCallSummaryMessage", "HandoffMessage"),
      ...keyed("type", "StopMessage", "FunctionExecutionResultMessage", "UserInputRequestedEvent"),
      ...keyed("type", "ThoughtEvent", "ModelClientStreamingChunkEvent", "MultiModalMessage", "MemoryQueryEvent"),
      inSequence(keyed("type", "TextMessage", "StructuredMessage"), literals('"source"', "'source'"), BESIDE_BYTES),
      inSequence(literals('"source"', "'source'"), keyed("type", "TextMessage", "StructuredMessage"), BEFORE_BYTES),
      ...keyed("$type", "FunctionCallContent", "FunctionResultContent", "ChatMessageContent"),
    ],
  },
  {
    id: "wire.command",
    family: "agent-loop",
    severity: "high",
    meaning:
      "The command object of AutoGPT's answers, and what agents of LlamaIndex and Cohere call tools with. Rate: 0.",
    reason: "contains an agent's command object",
    patterns: [
      object("command:object", "thoughts:object"),
      smallObject(4, "tool_name:string", "tool_kwargs:object"),
      smallObject(4, "tool_name:string", "parameters:object"),
      smallObject(4, "tool_name:string", "tool_input"),
      smallObject(4, "tool:string", "tool_input"),
      ...CALL_NAMES.flatMap((name) =>
        CALL_ARGUMENTS.map((given) => smallObject(3, `${name}:string`, `${given}:object`)),
      ),
      object("tool_name:string", "tool_args:object"),
      smallObject(8, "thought:string", "action"),
      smallObject(8, "thought:string", "tool_name:string"),
      smallObject(3, "final_answer"),
      object("current_state:object", "action:array"),
      ...literals("Command(goto=", '"part_kind"', "'part_kind'"),
      ...keyed("goto", "__end__"),
      ...keyed("next", "FINISH", "__end__"),
      object("recipient_name:string", "parameters:object"),
    ],
  },
  {
    id: "wire.answer",
    family: "tool-call",
    severity: "medium",
    meaning: "Answers of models and the events in which they are streamed, as their providers send them. Rate: 0.",
    reason: "contains a model's answer as its provider sends it",
    patterns: [
      ...keyed("type", ...RESPONSE_EVENTS),
      ...keyed("type", "content_block_start", "content_block_delta", "content_block_stop", "input_json_delta"),
      ...keyed("type", "thinking_delta", "signature_delta", "redacted_thinking", "summary_text"),
      inSequence(keyed("type", "message_start"), keyedObject("message"), BESIDE_BYTES),
      inSequence(keyed("type", "thinking"), literals('"thinking"', '"signature"'), BESIDE_BYTES),
      inSequence(keyed("type", "output_text", "input_text"), literals('"text"', "'text'"), BESIDE_BYTES),
      inSequence(literals('"text"', "'text'"), keyed("type", "output_text", "input_text"), BEFORE_BYTES),
      ...keyed("object", "chat.completion", "chat.completion.chunk"),
      ...keyed("finish_reason", "tool_calls", "function_call"),
      ...keyed("stop_reason", "tool_use", "end_turn", "pause_turn"),
      inSequence(keyed("from", "human", "gpt"), literals('"value"', "'value'"), BESIDE_BYTES),
      inSequence(literals('"value"', "'value'"), keyed("from", "human", "gpt"), BEFORE_BYTES),
    ],
  },
  {
    id: "wire.python-message",
    family: "langchain",
    severity: "medium",
    meaning: "How Python prints messages and tool calls of agent libraries. Rate: 0.",
    reason: "contains a printed message of an agent library",
    patterns: literals(
      ...["AIMessage(content=", "HumanMessage(content=", "SystemMessage(content=", "ToolMessage(content="],
      ...[
        "ChatCompletionMessage(",
        "ChatCompletionMessageToolCall(",
        "ToolUseBlock(",
        "ToolCall(id=",
        "ToolCall(name=",
      ],
      ...["FunctionCall(name=", "FunctionCall(id=", "FunctionExecutionResult("],
    ),
  },
  {
    id: "wire.a2a",
    family: "a2a",
    severity: "high",
    meaning: "A request of the Agent2Agent or the Agent Client Protocol. Rate: 0.",
    reason: "contains an agent protocol message",
    patterns: [
      ...keyed("kind", "status-update", "artifact-update"),
      object("role=agent", "parts:array"),
      object("role=ROLE_AGENT", "parts:array"),
      object("role=ROLE_USER", "parts:array"),
      ...keyed(
        "method",
        ...["message/send", "message/stream", "SendMessage", "SendStreamingMessage", "tasks/get", "tasks/cancel"],
        ...["tasks/list", "tasks/result", "agent/getAuthenticatedExtendedCard", "agent/authenticatedExtendedCard"],
        ...["GetTask", "ListTasks", "CancelTask", "SubscribeToTask", "GetExtendedAgentCard"],
        ...["tasks/resubscribe", "tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/get"],
        ...["session/prompt", "session/update", "session/request_permission", "session/new", "session/cancel"],
        ...["fs/read_text_file", "fs/write_text_file", "terminal/create"],
      ),
    ],
  },
];
