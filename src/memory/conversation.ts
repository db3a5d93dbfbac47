import type { Json } from "../base/json.ts";
import { defined } from "../base/optional.ts";
import { sha256Hex } from "../base/sha256.ts";
import { ZtlError } from "../errors.ts";
import type { Admission, AdmissionLabel, AdmissionPurpose } from "../guard/index.ts";
import { type AdmittedText, readAdmission } from "./admitted-text.ts";
import { type AssembleResult, assemble, ENTRY_SEPARATOR } from "./assembly.ts";
import { CONVERSATION_BYTES_MAX, CONVERSATION_ENTRIES_MAX } from "./limits.ts";
import { type Checks, recheck } from "./recheck.ts";
import type { MemoryRefusal, RefusalReason } from "./refusal.ts";
import { type ConversationSnapshot, readSnapshot, sealSnapshot } from "./snapshot.ts";
import type { TakenIn } from "./vector-gate.ts";

/** Who may have said something: the host program, or whoever needs an admission: the world outside, and a model for its own words. */
export type TrustedRole = "system" | "user";
export type AdmittedRole = "tool" | "agent-message" | "assistant";

/** One frozen entry. `runId` and `admission` belong to what came with an admission; `addOwn` asks for none. */
export type MemoryMessage =
  | { readonly role: TrustedRole | "assistant"; readonly text: string }
  | { readonly role: AdmittedRole; readonly text: string; readonly runId: string; readonly admission: Admission };

export type AddResult = { readonly status: "added" } | { readonly status: "refused"; readonly reason: RefusalReason };

/** What may be handed to code that acts for the agent: it can put in what was admitted, and read. */
export interface AgentMemory {
  add(entry: AdmittedText, options: { readonly role: AdmittedRole }): AddResult;
  messages(): readonly MemoryMessage[];
  assemble(entries: readonly { readonly text: string }[]): AssembleResult;
}

export interface ConversationChecks extends Checks {
  readonly sealKey: Uint8Array;
  readonly onRefusal: (refusal: MemoryRefusal) => void;
}

/** What stands around a memory: whose labels go along with its content. */
export interface MemoryContext {
  readonly takenIn?: TakenIn;
  /** Labels of all that the conversation has taken in: what its own words may repeat. */
  readonly labels?: () => readonly AdmissionLabel[];
  /** Told of what the host program vouched for: its system prompt, and what its user typed. */
  readonly told?: (role: TrustedRole, text: string) => void;
  /** Told of the labels that came with a restored snapshot. */
  readonly labelled?: (labels: readonly AdmissionLabel[]) => void;
}

/** As what each role's entries were admitted. */
const PURPOSES = { tool: "output", "agent-message": "message", assistant: "own-words" } as const satisfies Record<
  AdmittedRole,
  AdmissionPurpose
>;

/**
 * Short-term memory of one agent in one conversation. Whatever a tool or another agent said enters with an admission for
 * exactly this text and agent, which is used up. What stands in it is frozen and private: nobody who holds a
 * reference, an entry or the list can change it.
 */
export class ConversationMemory implements AgentMemory {
  readonly agent: string;
  readonly #checks: ConversationChecks;
  readonly #context: MemoryContext;
  #messages: MemoryMessage[] = [];
  #bytes = 0;

  constructor(agent: string, checks: ConversationChecks, context: MemoryContext = {}) {
    this.agent = agent;
    this.#checks = checks;
    this.#context = context;
  }

  /** For what has an admission: the output of a tool, a message of another agent, own words from `conversation.said`. */
  add(entry: AdmittedText, { role }: { readonly role: AdmittedRole }): AddResult {
    if (!isAdmittedRole(role)) return this.#refused("conversation", "malformed");
    // Each property is read once: the next time it may say something else.
    const { text, runId, agent, admission: claimed } = readEntry(entry);
    if (claimed === undefined) return this.#refused("conversation", "no-admission");
    const admission = readAdmission(claimed);
    if (admission === undefined || !isText(text) || typeof runId !== "string")
      return this.#refused("conversation", "malformed");
    if (agent !== this.agent) return this.#refused("conversation", "other-agent", text);
    // Before the check, which uses the admission up.
    if (this.#isFull(text)) return this.#refused("conversation", "memory-full", text);
    const scope = { runId, agent: this.agent, purpose: PURPOSES[role] };
    const check = this.#checks.verifier.verify(admission, text, scope);
    if (check.status === "refused") return this.#refused("conversation", check.reason, text);
    this.#context.takenIn?.([check.claims]);
    return this.#append({ role, text, runId, admission });
  }

  /**
   * For what the model itself said, on the host program's word. It may repeat what it was fed: it is scanned, and refused when the
   * guard blocks it. What the guard merely flags is let in, as a model's own tool calls look like that.
   */
  addOwn(text: string): AddResult {
    if (!isText(text)) return this.#refused("conversation", "malformed");
    if (this.#checks.rescan(text).decision === "block") return this.#refused("conversation", "not-admitted", text);
    return this.#append({ role: "assistant", text });
  }

  /**
   * For what the host program itself vouches for: its system prompt, and what its user typed. Never scanned; never to be used
   * for anything a tool, a file or another agent said. Not part of `forAgent`.
   */
  addTrusted({ role, text }: { readonly role: TrustedRole; readonly text: string }): AddResult {
    if (!isTrustedRole(role) || !isText(text)) return this.#refused("conversation", "malformed");
    const result = this.#append({ role, text });
    if (result.status === "added") this.#context.told?.(role, text);
    return result;
  }

  /**
   * One text of several that were admitted one by one, such as passages found in a store, to be put into a prompt. Refused when they make
   * a structure together that none of them is alone.
   */
  assemble(entries: readonly { readonly text: string }[]): AssembleResult {
    const texts = entries.map(({ text }) => text);
    if (!texts.every(isText))
      throw new ZtlError("assembly-malformed", "Every entry has a text that is well-formed UTF-16");
    const result = assemble((text) => this.#checks.rescan(text), texts);
    if (result.status === "refused") this.#refused("assembly", "not-admitted", texts.join(ENTRY_SEPARATOR));
    return result;
  }

  /** Oldest first. The list is a frozen copy; the entries are the frozen ones. */
  messages(): readonly MemoryMessage[] {
    return Object.freeze([...this.#messages]);
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }

  forAgent(): AgentMemory {
    return Object.freeze({
      add: (entry: AdmittedText, options: { readonly role: AdmittedRole }) => this.add(entry, options),
      messages: () => this.messages(),
      assemble: (entries: readonly { readonly text: string }[]) => this.assemble(entries),
    });
  }

  /** Plain data, sealed, for `MemoryGate.restore`. */
  toJSON(): ConversationSnapshot {
    const labels = this.#context.labels?.() ?? [];
    return sealSnapshot(
      this.agent,
      { entries: this.#messages as unknown as readonly Json[], labels },
      this.#checks.sealKey,
    );
  }

  /** See `MemoryGate.restore`. */
  static restore(
    agent: string,
    snapshot: unknown,
    checks: ConversationChecks,
    context: MemoryContext = {},
  ): ConversationMemory {
    const memory = new ConversationMemory(agent, checks, context);
    const { entries, labels, isSealed, agent: owner } = readSnapshot(snapshot, checks.sealKey);
    // What is not sealed is left out below, but for admissions, which bring their own labels.
    if (isSealed && owner === agent && labels.length > 0) context.labelled?.(labels);
    const nonces = new Set<string>();
    entries.forEach((entry, index) => {
      const message = readMessage(entry);
      if (message === undefined) memory.#refused("snapshot", "malformed", undefined, index);
      else if (owner !== agent) memory.#refused("snapshot", "other-agent", message.text, index);
      else memory.#restoreOne(message, isSealed, nonces, index);
    });
    return memory;
  }

  /** An admission speaks for itself; everything else was only the host program's word, which the seal keeps. */
  #restoreOne(message: MemoryMessage, isSealed: boolean, nonces: Set<string>, index: number): void {
    const { text } = message;
    if ("admission" in message) {
      const whose = { agents: new Set([this.agent]), purpose: PURPOSES[message.role] };
      const check = recheck(this.#checks, message.admission, text, whose);
      if (check.status === "refused") return void this.#refused("snapshot", check.reason, text, index);
      if (message.admission.claims.runId !== message.runId)
        return void this.#refused("snapshot", "other-run", text, index);
      if (nonces.has(check.claims.nonce)) return void this.#refused("snapshot", "replayed", text, index);
      nonces.add(check.claims.nonce);
      this.#context.takenIn?.([check.claims]);
    } else if (!isSealed) return void this.#refused("snapshot", "unsealed", text, index);
    else if (message.role === "assistant" && this.#checks.rescan(text).decision === "block")
      return void this.#refused("snapshot", "not-admitted", text, index);
    this.#append(message, "snapshot", index);
  }

  #append(message: MemoryMessage, place: "conversation" | "snapshot" = "conversation", index?: number): AddResult {
    const { text } = message;
    if (this.#isFull(text)) return this.#refused(place, "memory-full", text, index);
    this.#messages.push(Object.freeze(message));
    this.#bytes += Buffer.byteLength(text);
    return { status: "added" };
  }

  #isFull(text: string): boolean {
    const isLong = this.#bytes + Buffer.byteLength(text) > CONVERSATION_BYTES_MAX;
    return isLong || this.#messages.length >= CONVERSATION_ENTRIES_MAX;
  }

  #refused(
    place: "conversation" | "snapshot" | "assembly",
    reason: RefusalReason,
    text?: string,
    index?: number,
  ): AddResult {
    this.#checks.onRefusal({
      place,
      reason,
      agent: this.agent,
      ...defined({ contentSha256: text === undefined ? undefined : sha256Hex(text) }),
      ...defined({ index }),
    });
    return { status: "refused", reason };
  }
}

function readEntry(entry: unknown): Readonly<Record<keyof AdmittedText, unknown>> {
  try {
    const { text, runId, agent, admission } = entry as Record<keyof AdmittedText, unknown>;
    return { text, runId, agent, admission };
  } catch {
    return { text: undefined, runId: undefined, agent: undefined, admission: undefined };
  }
}

/** Only text that has one UTF-8 form, as what is signed is its bytes. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function isAdmittedRole(role: unknown): role is AdmittedRole {
  return typeof role === "string" && Object.hasOwn(PURPOSES, role);
}

function isTrustedRole(role: unknown): role is TrustedRole {
  return role === "system" || role === "user";
}

/** From plain data: exactly the members its role has. */
function readMessage(entry: Json): MemoryMessage | undefined {
  const { role, text, runId, admission: claimed, ...others } = entry as { readonly [key: string]: Json };
  if (!isText(text) || Object.keys(others).length > 0) return undefined;
  if (isAdmittedRole(role) && (role !== "assistant" || claimed !== undefined)) {
    const admission = readAdmission(claimed);
    return admission === undefined || typeof runId !== "string" ? undefined : { role, text, runId, admission };
  }
  if ((!isTrustedRole(role) && role !== "assistant") || runId !== undefined || claimed !== undefined) return undefined;
  return { role, text };
}
