/** What other rooms may use of models: ask one, ask a guard, sample what an agent would do next. */
export { ChatModel, type ChatModelOptions } from "./chat-model.ts";
export {
  type ChatMessage,
  type Completion,
  type CompletionRequest,
  type FinishReason,
  MalformedArguments,
  type ToolCall,
  type ToolDefinition,
} from "./conversation.ts";
export { type GuardAnswer, type GuardStyle, guardQuestion } from "./guard-question.ts";
export { MODEL_LIMITS } from "./limits.ts";
export { type NextActionsRequest, nextActions } from "./next-actions.ts";
