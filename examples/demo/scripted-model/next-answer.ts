import { choreOf } from "./chores.ts";
import type { Conversation, WantedCall } from "./conversation.ts";
import { ordersIn } from "./orders.ts";

export type Answer = { readonly call: WantedCall } | { readonly text: string };

/**
 * What the model does next, from the conversation alone: the first order that is not carried out yet, whoever gave it; then
 * the next step of what the user asked; then its last words.
 */
export function nextAnswer(conversation: Conversation): Answer {
  const { calls, lastWords } = choreOf(conversation);
  const call = [...ordersIn(conversation), ...calls].find((wanted) => !conversation.hasMade(wanted));
  return call === undefined ? { text: lastWords } : { call };
}
