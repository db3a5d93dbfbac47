import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../base/json.ts";
import { TOKEN_SOURCES } from "./sources.ts";
import type { TokenSignal } from "./token-signal.ts";

/** Answers as the servers' own types and documents have them, whole and as the chunks of a stream. */

const { "openai-chat": chat, "openai-responses": responses, ollama, vllm, "llama-cpp": llamaCpp } = TOKEN_SOURCES;
const top = [
  { token: "Hi", bytes: [72, 105], logprob: -0.1 },
  { token: "Hey", bytes: null, logprob: -3 },
];
const hi = { token: "Hi", bytes: [72, 105], logprob: -0.1, top_logprobs: top };
const expected: TokenSignal[] = [
  {
    token: "Hi",
    logprob: -0.1,
    top: [
      { token: "Hi", logprob: -0.1 },
      { token: "Hey", logprob: -3 },
    ],
  },
];
const bare = [{ token: "Hi", logprob: -0.1, top: [] }];
const tokens = (found: readonly TokenSignal[]) => ({ kind: "tokens", tokens: found });
const absent = { kind: "no-signal", reason: "absent" };

describe("what a server tells of its tokens", () => {
  const cases: readonly [string, (answer: Json) => unknown, Json, unknown][] = [
    [
      "OpenAI chat, whole",
      chat,
      {
        object: "chat.completion",
        choices: [{ index: 0, message: { content: "Hi" }, logprobs: { content: [hi], refusal: null } }],
      },
      tokens(expected),
    ],
    [
      "OpenAI chat, a chunk",
      chat,
      {
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta: { content: "Hi" }, logprobs: { content: [hi] } }],
      },
      tokens(expected),
    ],
    [
      "OpenAI chat, a refusal",
      chat,
      {
        choices: [
          {
            index: 0,
            logprobs: { content: null, refusal: [{ token: "Hi", logprob: -0.1, bytes: null, top_logprobs: [] }] },
          },
        ],
      },
      tokens(bare),
    ],
    ["OpenAI chat, a model that tells none", chat, { choices: [{ index: 0, message: {}, logprobs: null }] }, absent],
    ["OpenAI chat, the last chunk with the usage", chat, { choices: [], usage: { total_tokens: 7 } }, absent],
    ["OpenAI chat, a chunk of another choice", chat, { choices: [{ index: 1, logprobs: { content: [hi] } }] }, absent],
    [
      "OpenAI chat, a chunk with a role alone",
      chat,
      { choices: [{ index: 0, delta: { role: "assistant" }, logprobs: { content: [] } }] },
      absent,
    ],
    [
      "OpenAI chat, a token that is not among the likeliest",
      chat,
      {
        choices: [{ index: 0, logprobs: { content: [{ token: "x", logprob: -9999, bytes: null, top_logprobs: [] }] } }],
      },
      tokens([{ token: "x", logprob: -100, top: [] }]),
    ],
    [
      "OpenAI responses, whole",
      responses,
      {
        object: "response",
        output: [
          { type: "reasoning", summary: [] },
          { type: "message", content: [{ type: "output_text", text: "Hi", logprobs: [hi] }] },
        ],
      },
      tokens(expected),
    ],
    [
      "OpenAI responses, an event",
      responses,
      {
        type: "response.output_text.delta",
        delta: "Hi",
        logprobs: [{ token: "Hi", logprob: -0.1, top_logprobs: top }],
      },
      tokens(expected),
    ],
    [
      "OpenAI responses, an event that repeats",
      responses,
      { type: "response.output_text.done", text: "Hi", logprobs: [hi] },
      absent,
    ],
    [
      "OpenAI responses, a reasoning model",
      responses,
      { object: "response", output: [{ type: "message", content: [{ type: "output_text", text: "Hi" }] }] },
      absent,
    ],
    [
      "Ollama, whole or a chunk",
      ollama,
      { model: "m", message: { content: "Hi" }, logprobs: [hi], done: false },
      tokens(expected),
    ],
    ["Ollama before 0.12.11", ollama, { model: "m", response: "Hi", done: true }, absent],
    ["Ollama, without alternatives", ollama, { logprobs: [{ token: "Hi", logprob: -0.1 }] }, tokens(bare)],
    [
      "vLLM chat, with those of the prompt beside it",
      vllm,
      {
        prompt_logprobs: [null, { "17": { logprob: -1, rank: 1, decoded_token: "a" } }],
        choices: [{ index: 0, logprobs: { content: [hi] } }],
      },
      tokens(expected),
    ],
    [
      "vLLM completions",
      vllm,
      {
        choices: [
          {
            index: 0,
            text: "Hi",
            logprobs: {
              tokens: ["<s>", "Hi"],
              token_logprobs: [null, -0.1],
              top_logprobs: [null, { Hi: -0.1, Hey: -3 }],
              text_offset: [0, 3],
            },
          },
        ],
      },
      tokens(expected),
    ],
    ["vLLM, none asked for", vllm, { choices: [{ index: 0, text: "Hi", logprobs: null }] }, absent],
    [
      "llama.cpp completion",
      llamaCpp,
      {
        content: "Hi",
        completion_probabilities: [{ id: 1, ...hi, top_logprobs: top.map((one, id) => ({ id, ...one })) }],
      },
      tokens(expected),
    ],
    [
      "llama.cpp after sampling",
      llamaCpp,
      {
        completion_probabilities: [
          { id: 1, token: "Hi", bytes: [72, 105], prob: 1, top_probs: [{ id: 1, token: "Hi", bytes: [], prob: 1 }] },
        ],
      },
      tokens([{ token: "Hi", logprob: 0, top: [{ token: "Hi", logprob: 0 }] }]),
    ],
    [
      "llama.cpp before 2025, a token beyond those it tells",
      llamaCpp,
      {
        completion_probabilities: [
          {
            content: "Yo",
            probs: [
              { tok_str: "Hi", prob: 0.5 },
              { tok_str: "Hey", prob: 0.25 },
            ],
          },
        ],
      },
      tokens([
        {
          token: "Yo",
          logprob: Math.log(0.25),
          top: [
            { token: "Hi", logprob: Math.log(0.5) },
            { token: "Hey", logprob: Math.log(0.25) },
          ],
        },
      ]),
    ],
    ["llama.cpp without n_probs", llamaCpp, { content: "Hi", stop: false }, absent],
  ];
  for (const [name, read, answer, says] of cases) test(name, () => assert.deepEqual(read(answer), says));
});

test("one wrong member, and the chunk is no signal, with a word on why", () => {
  const wrongTokens: Json[] = [
    7,
    null,
    { logprob: -1 },
    { token: 7, logprob: -1 },
    { token: "a" },
    { token: "a", logprob: "-1" },
    { token: "a", logprob: 0.5 },
    { token: "a", logprob: null },
    { token: "a", logprob: -1, top_logprobs: {} },
    { token: "a", logprob: -1, top_logprobs: [{ token: "b" }] },
    {
      token: "a",
      logprob: -1,
      top_logprobs: [
        { token: "b", logprob: -0.1 },
        { token: "c", logprob: -0.1 },
      ],
    },
    { token: "a", logprob: -1, top_logprobs: Array.from({ length: 1001 }, () => ({ token: "b", logprob: -50 })) },
  ];
  for (const wrong of wrongTokens) {
    for (const [read, answer] of [
      [chat, { choices: [{ index: 0, logprobs: { content: [hi, wrong] } }] }],
      [responses, { type: "response.output_text.delta", logprobs: [hi, wrong] }],
      [ollama, { logprobs: [hi, wrong] }],
      [vllm, { choices: [{ index: 0, logprobs: { content: [hi, wrong] } }] }],
      [llamaCpp, { completion_probabilities: [hi, wrong] }],
    ] as const) {
      const signal = read(answer as unknown as Json);
      assert.equal(signal.kind === "no-signal" && signal.reason, "malformed", JSON.stringify(wrong).slice(0, 80));
      assert.match((signal.kind === "no-signal" && signal.why) || "", /^expected /);
    }
  }
  for (const logprobs of [
    { tokens: ["a"], token_logprobs: [] },
    { tokens: "a" },
    { tokens: ["a"], token_logprobs: [-1], top_logprobs: [7] },
  ]) {
    const signal = vllm({ choices: [{ index: 0, logprobs }] });
    assert.equal(signal.kind === "no-signal" && signal.reason, "malformed", JSON.stringify(logprobs));
  }
});

test("whatever a server sends is read or is no signal: nothing throws, and no number is beyond its bounds", () => {
  const names = [
    "choices",
    "logprobs",
    "content",
    "output",
    "completion_probabilities",
    "probs",
    "prob",
    "tok_str",
    "type",
    "tokens",
  ];
  const more = [
    "token_logprobs",
    "top_logprobs",
    "token",
    "logprob",
    "index",
    "message",
    "response.output_text.delta",
    "object",
  ];
  const json = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(...names, ...more, "a"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names, ...more), tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  fc.assert(
    fc.property(json, fc.constantFrom(...Object.values(TOKEN_SOURCES)), (answer, read) => {
      const signal = read(answer);
      for (const token of signal.kind === "tokens" ? signal.tokens : [])
        for (const { logprob } of [token, ...token.top]) assert.ok(logprob <= 0 && logprob >= -100);
    }),
    { numRuns: 2000 },
  );
});
