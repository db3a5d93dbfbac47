/** What a server says of the tokens that it makes, whichever server it is. Logarithms are natural ones, as all of them give. */

export interface Alternative {
  readonly token: string;
  readonly logprob: number;
}

/** One token of an answer, with the likeliest ones in its place. */
export interface TokenSignal extends Alternative {
  /** As many as the server gives, which may be none; the token itself may be among them. */
  readonly top: readonly Alternative[];
}

/** What one answer, or one chunk of it, says. That nothing is said is a state of its own, and never a quiet token. */
export type Signal =
  | { readonly kind: "tokens"; readonly tokens: readonly TokenSignal[] }
  | {
      readonly kind: "no-signal";
      /** absent: the server gave none, for this chunk or at all. malformed: it gave something else; `why` says what. */
      readonly reason: "absent" | "malformed";
      readonly why?: string;
    };

export const ABSENT: Signal = { kind: "no-signal", reason: "absent" };
