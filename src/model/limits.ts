/** Every bound of this room in one place. A model's answer is as untrusted as any other text from outside. */
export const MODEL_LIMITS = Object.freeze({
  /** Whole answer in bytes, decompressed. 128 samples of 4,096 tokens at 4 bytes are 2 MiB; JSON may double that. */
  answerBytes: 4 * 1024 * 1024,
  /** Bytes of a refusal's body that are kept for the error: its first sentences say what is wrong. */
  refusalBytes: 2048,
  /** Answers to one request; the interface's own bound for `n` is 128. */
  completions: 128,
  /** Calls in one answer; the interface's own bound for tools is 128. */
  toolCalls: 128,
  /** Characters of a tool's name or a call's id; the interface's own bound for names is 64. */
  nameCharacters: 256,
  /** Nesting of a call's arguments. Tools' schemas are a few levels deep, and what walks them recurses. */
  argumentsDepth: 64,
  /** A small model on a processor without a graphics card writes some ten tokens a second: 1,200 in this time. */
  timeoutMs: 120_000,
  /** Samples of a next action: with 64 the standard error of a probability is at most 0.0625. */
  samples: 64,
  /** Tokens of a guard's answer: `unsafe` and the fourteen categories of Llama Guard 3 with commas. */
  verdictTokens: 64,
});

/** An answer as JSON: its arguments are texts, so that it is a few levels deep, but for servers that send objects. */
export const ANSWER_JSON = { bytesMax: MODEL_LIMITS.answerBytes, depthMax: MODEL_LIMITS.argumentsDepth + 16 };
/** A call's arguments as JSON: a part of an answer, whose controls JSON writes with up to six bytes. */
export const ARGUMENTS_JSON = { bytesMax: 6 * MODEL_LIMITS.answerBytes, depthMax: MODEL_LIMITS.argumentsDepth };
