/** Every bound of the proxy in one place; each says where its number comes from. */
export const PROXY_LIMITS = {
  /** Of a request that is looked into: a long conversation with a dozen photographs in it. */
  requestBytes: 32 * 1024 * 1024,
  /** Of a whole answer that is looked into: the longest have some 100,000 tokens, each with 20 alternatives. */
  answerBytes: 64 * 1024 * 1024,
  /** Of one frame: the last event of a Responses stream has the whole answer in it, pictures included. */
  frameBytes: 16 * 1024 * 1024,
  /** Of a step's tool calls that are held back: files that a model writes are shorter than its longest answer. */
  heldBytes: 32 * 1024 * 1024,
  /** Schemas of tools nest some ten deep, and stand five deep in a request. */
  jsonDepth: 128,
  /** Ids of tool texts that held nothing, each of 64 characters: a conversation sends all of its earlier ones again with each request. */
  cleanTexts: 4096,
  /** Models of which it is known that the server tells no log-probabilities; servers that offer many have some hundreds. */
  silentModels: 256,
  /** Likeliest tokens that are asked for beside each: the least that any server gives at most (OpenAI's first models: 5). */
  alternatives: 5,
  /** Names and values of a request's headers together; Node's own default, in which a long bearer token fits. */
  headerBytes: 16 * 1024,
  /** A client on this machine sends its headers at once. */
  headersTimeoutMs: 10_000,
  /** A request of the largest size over loopback takes less than a second; a client that reads a file meanwhile some more. */
  requestTimeoutMs: 120_000,
  /** Without a byte from the server: models that think answer nothing for minutes, and OpenAI's client waits ten by default. */
  idleTimeoutMs: 600_000,
  /** How long an unused connection to the server is kept: less than the five seconds after which most servers close it. */
  keptConnectionMs: 4000,
  /** Connections of clients: agents of one machine, each with some. */
  connections: 512,
} as const;
