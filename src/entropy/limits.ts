/** Bounds of the monitors: what an agent, a tool or a model sends is of any size, what is kept of it is not. */
export const ENTROPY_LIMITS = {
  /** Characters of one text (a request, a result) that are looked at; ten times the longest result of the recorded runs. */
  textCharacters: 256 * 1024,
  /** What a person said in one run that is kept, the newest. */
  requests: 64,
  /** Results of one run whose words are kept, the newest; the longest recorded run has 60 calls. */
  results: 256,
  /** Values inside the arguments of one call; further ones are not looked at. */
  argumentValues: 256,
  /** Levels of nesting inside arguments. */
  argumentDepth: 16,
  /** Words up to which an argument counts as a target (an address, a name, an amount) and not as prose. */
  targetWords: 8,
  /** Jobs and, per job, runs that a history keeps; the oldest go first. */
  jobs: 1024,
  runsPerJob: 64,
  /** Different values of one argument that a run of a history keeps. */
  valuesPerArgument: 64,
  /** Calls of one run that a history learns from. */
  callsPerRun: 1024,
  /** Bytes of context that the model of texts looks back: beyond five a text of some hundred kilobytes has too few of each. */
  textOrder: 5,
  /** Contexts that it keeps, 11 bytes each: 6 MB, for the last 43 KB of text at least. */
  textNodes: 1 << 19,
  /** Tokens of one answer, or of one chunk of it, that are looked at: the longest answers of today's models have some 100,000. */
  tokensPerAnswer: 1 << 17,
  /** Alternatives of one token; servers give 20 at most (OpenAI, Ollama, vLLM), llama.cpp as many as it is asked for. */
  alternatives: 1000,
  /** Characters of one token that are kept: real ones have some dozens. */
  tokenCharacters: 512,
  /** Tokens whose usual share is remembered; what is beyond the most frequent of them counts as one. */
  usualTokens: 4096,
} as const;
