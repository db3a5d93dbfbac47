import { inSequence, keyed, keyedObject, literals, object, type Rule, smallObject } from "../rule.ts";

const CONTENT = literals('"content"', "'content'", '"data"', "'data'", '"text"', "'text'");
const LANGCHAIN_ROLES = keyed("type", "human", "ai", "HumanMessage", "AIMessage", "SystemMessage", "ToolMessage");
/** Between a type and the content beside it: white space, however much a printer puts there, and some short members. */
const BESIDE_BYTES = 1024;
/** Between a content's key and the type after it: a message of some paragraphs. */
const BEFORE_BYTES = 2048;

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
      object("recipient_name:string", "parameters:object"),
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
    patterns: keyed(
      "method",
      ...["message/send", "message/stream", "SendMessage", "SendStreamingMessage", "tasks/get", "tasks/cancel"],
      ...["tasks/resubscribe", "tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/get"],
      ...["session/prompt", "session/update", "session/request_permission", "session/new", "session/cancel"],
      ...["fs/read_text_file", "fs/write_text_file", "terminal/create"],
    ),
  },
];
