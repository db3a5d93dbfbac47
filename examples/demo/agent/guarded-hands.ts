import { randomUUID } from "node:crypto";
import { defined } from "../../../src/base/optional.ts";
import type { AdmittedText, Conversation, PermitResult } from "../../../src/loop/index.ts";
import { type Host, lackFor, readsElsewhere } from "../host.ts";
import { MAILS_MAX } from "../limits.ts";
import { readInbox } from "../world/read-inbox.ts";
import { type Hands, notHere } from "./hands.ts";
import type { ConversationNotes } from "./notes.ts";
import type { Input, Mail, Outcome, Step } from "./outcome.ts";

export interface GuardedHandsOptions {
  readonly conversation: Conversation;
  readonly notes: ConversationNotes;
  readonly host: Host;
  readonly inbox: string;
  /** What was "sent". */
  readonly mails: Mail[];
  readonly signal?: AbortSignal | undefined;
}

/** An agent behind the loop: every call, result, memory and outward effect goes through it. */
export class GuardedHands implements Hands {
  readonly #options: GuardedHandsOptions;
  /** The run whose output the model saw last: what it wants to remember comes from there. */
  #lastRunId: string = randomUUID();

  constructor(options: GuardedHandsOptions) {
    this.#options = options;
  }

  async said(text: string, planned: readonly { readonly tool: string; readonly input: Input }[]): Promise<void> {
    const { conversation } = this.#options;
    const words = await conversation.said({
      text,
      planned: planned.map(({ tool, input }) => ({ tool, arguments: input })),
    });
    if (text !== "" && words !== undefined) conversation.memory.add(words, { role: "assistant" });
  }

  /** `approval`: the review in which a person agreed to exactly this call. */
  async carryOut(tool: string, input: Input, approval?: string): Promise<Step> {
    switch (tool) {
      case "remember":
        return this.#remember(input, approval);
      case "recall":
        return this.#permitted(tool, input, approval, async () => {
          const found = await this.#options.notes.find(input.query ?? "");
          return { outcome: { kind: "recalled", found }, content: found.join("\n") || "Nothing is remembered." };
        });
      case "send_mail":
        return this.#permitted(tool, input, approval, async () => {
          const mail = { to: input.to ?? "", subject: input.subject ?? "", body: input.body ?? "" };
          if (this.#options.mails.length < MAILS_MAX) this.#options.mails.push(mail);
          return { outcome: { kind: "mailed", mail }, content: "Sent." };
        });
      default:
        return readsElsewhere(this.#options.host, tool) ? this.#read(tool, input) : this.#call(tool, input);
    }
  }

  /** A reading tool that runs elsewhere: what it returns goes through the guard like everything else. */
  async #read(tool: string, input: Input): Promise<Step> {
    const { conversation, inbox } = this.#options;
    const permit = await conversation.permit({ tool, input });
    if (permit.status !== "permitted")
      return this.#step(tool, input, { kind: "not-permitted", result: permit }, permit.forModel);
    const content = readInbox(inbox, tool, input.file ?? "");
    const result = await conversation.receive({ callId: permit.callId, content });
    this.#lastRunId = result.runId;
    return this.#step(tool, input, { kind: "called", result }, result.forModel);
  }

  async #call(tool: string, input: Input): Promise<Step> {
    const { conversation, signal, host } = this.#options;
    const lack = lackFor(host, tool);
    if (lack !== undefined) return notHere(tool, input, lack);
    const result = await conversation.call(signal === undefined ? { tool, input } : { tool, input, signal });
    this.#lastRunId = result.runId;
    return this.#step(tool, input, { kind: "called", result }, result.forModel);
  }

  /** The gate is asked before a person is: what may not enter memory needs nobody's decision. */
  async #remember(input: Input, approval: string | undefined): Promise<Step> {
    const { notes, conversation } = this.#options;
    const text = input.text ?? "";
    const document = { pageContent: text, metadata: {} };
    const entry = await conversation.admitDocument(document, { runId: this.#lastRunId });
    if (entry.status === "refused") {
      const verdict = entry.reason === "not-admitted" ? { verdict: entry.verdict.decision } : {};
      const told = `The memory gate refused this text (${entry.reason}).`;
      conversation.memory.addTrusted({ role: "system", text: told });
      return { tool: "remember", input, outcome: { kind: "memory-refused", reason: entry.reason, ...verdict }, told };
    }
    return this.#permitted("remember", input, approval, async () => {
      await notes.keep(entry.document);
      return { outcome: { kind: "remembered", text }, content: "Remembered." };
    });
  }

  /** A tool of our own: asks the policy, does it, and hands what it returns to the guard. */
  async #permitted(
    tool: string,
    input: Input,
    approval: string | undefined,
    act: () => Promise<{ readonly outcome: Outcome; readonly content: string }>,
  ): Promise<Step> {
    const { conversation } = this.#options;
    const request = { tool, input, ...defined({ approval }) };
    const permit: PermitResult = await conversation.permit(request);
    if (permit.status !== "permitted") {
      return this.#step(tool, input, { kind: "not-permitted", result: permit }, permit.forModel);
    }
    const { outcome, content } = await act();
    const { forModel } = await conversation.receive({ callId: permit.callId, content });
    return this.#step(tool, input, outcome, forModel, permit.runId);
  }

  /** The model is told what the memory took, and nothing else. */
  #step(tool: string, input: Input, outcome: Outcome, forModel: AdmittedText, runId = forModel.runId): Step {
    const added = this.#options.conversation.memory.add(forModel, { role: "tool" });
    const told = added.status === "added" ? forModel.text : "The result was not taken into memory.";
    return { tool, input, outcome, told, runId };
  }
}
