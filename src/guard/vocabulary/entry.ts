/** What a token does in the prompt of its model. */
export type TokenRole =
  /** Opens somebody's turn: who writes it speaks as the system, the user or the model. */
  | "turn"
  /** Begins a conversation or a turn by a name that does not say so, as `turn` else. */
  | "start"
  /** Ends a turn, or parts a turn's head from its text. */
  | "boundary"
  /** A boundary that other texts have as well, such as `<sep>`: it weighs less. */
  | "mark"
  /** Around tool calls, their arguments, and what tools give back. */
  | "tool"
  /** Around what a model thinks and does not say. */
  | "reasoning"
  /** Stands for a picture, a file, a gap to be filled, or is kept in reserve. */
  | "other";

/** The tokens of one family of models, as their tokenizers and chat templates have them. */
export interface TokenFamily {
  readonly family: string;
  /** Models that have these tokens. */
  readonly models: string;
  /** Where they were read: the model's own tokenizer or template, or the server that writes its prompts. */
  readonly source: string;
  readonly tokens: Readonly<Partial<Record<TokenRole, readonly string[]>>>;
}
