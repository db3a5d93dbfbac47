/** One call as the model writes it. */
export interface WantedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string>>;
}

interface WireMessage {
  readonly role: string;
  readonly content?: string | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

/** The conversation that a request holds: all that a model knows. */
export class Conversation {
  /** What the user asked last. */
  readonly request: string;
  /** What tools returned, oldest first. */
  readonly toolTexts: readonly string[];
  readonly #results: ReadonlyMap<string, string | undefined>;

  private constructor(messages: readonly WireMessage[]) {
    const contentOf = (wanted: string): string[] =>
      messages.flatMap(({ role, content }) => (role === wanted && typeof content === "string" ? [content] : []));
    this.request = contentOf("user").at(-1) ?? "";
    this.toolTexts = contentOf("tool");
    const answers = new Map(messages.map(({ tool_call_id, content }) => [tool_call_id, content ?? ""]));
    this.#results = new Map(
      messages
        .flatMap(({ tool_calls }) => tool_calls ?? [])
        .map((call) => [`${call.function.name} ${call.function.arguments}`, answers.get(call.id)]),
    );
  }

  /** Undefined for a body that is no request of OpenAI's chat interface, as far as it is read here. */
  static parse(body: string): Conversation | undefined {
    try {
      const { messages } = JSON.parse(body) as { messages: readonly WireMessage[] };
      return new Conversation(messages);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  hasMade(call: WantedCall): boolean {
    return this.#results.has(keyOf(call));
  }

  resultOf(call: WantedCall): string | undefined {
    return this.#results.get(keyOf(call));
  }
}

/** Arguments come back as they were written: `JSON.stringify` keeps the order of members. */
function keyOf({ name, arguments: given }: WantedCall): string {
  return `${name} ${JSON.stringify(given)}`;
}
