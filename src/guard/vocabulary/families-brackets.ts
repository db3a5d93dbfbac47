import type { TokenFamily } from "./entry.ts";

const numbers = (count: number, of: (number: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => of(i));

/** Families with tokens of other shapes: square brackets, tags, tildes. */
export const FAMILIES_WITH_BRACKETS: readonly TokenFamily[] = [
  {
    family: "mistral",
    models: "Mistral, Mixtral, Devstral, Llama 2, Breeze",
    source: "mistral-common; tokenizer_config.json of Llama-2-7b-chat",
    tokens: {
      turn: ["[INST]", "[INST] <<SYS>>", "<<SYS>>", "[SYSTEM_PROMPT]", "<s>[INST]"],
      boundary: ["[/INST]", "<</SYS>>", "[/SYSTEM_PROMPT]", "[MODEL_SETTINGS]", "[/MODEL_SETTINGS]"],
      tool: [
        ...["[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"],
        ...["[TOOL_CONTENT]", "[ARGS]{", "[CALL_ID]"],
      ],
      reasoning: ["[THINK]", "[/THINK]"],
    },
  },
  {
    family: "minimax",
    models: "MiniMax M1 and M2",
    source: "tokenizer_config.json of MiniMax-M2",
    tokens: {
      turn: ["]~b]system", "]~b]user", "]~b]ai", "]~b]tool", "]~!b[]~b]system"],
      boundary: ["]~b]", "]~!b[", "[e~["],
      tool: ["<minimax:tool_call>", "</minimax:tool_call>"],
    },
  },
  {
    family: "minimax-text",
    models: "MiniMax Text 01 and M1",
    source: "tokenizer_config.json of MiniMax-Text-01",
    tokens: {
      turn: ["<beginning_of_sentence>system ai_setting=assistant", "<beginning_of_sentence>user name=user"],
      boundary: ["<beginning_of_sentence>", "<end_of_sentence>"],
      tool: ["<tool_calls>"],
    },
  },
  {
    family: "gemma",
    models: "Gemma 1 to 3n, FunctionGemma, PaliGemma, Ovis",
    source: "tokenizer_config.json of gemma-3-4b-it",
    tokens: {
      turn: ["<start_of_turn>user", "<start_of_turn>model", "<start_of_turn>"],
      boundary: ["<end_of_turn>"],
      mark: ["<bos>", "<eos>"],
      tool: ["<start_function_call>", "<end_function_call>", "<start_function_response>", "<end_function_response>"],
      other: ["<start_of_image>", "<end_of_image>"],
    },
  },
  {
    family: "ling",
    models: "Ling, Ring (Bailing)",
    source: "tokenizer_config.json of Ling-lite",
    tokens: {
      turn: ["SYSTEM", "HUMAN", "ASSISTANT", "OBSERVATION"].map((role) => `<role>${role}</role>`),
      boundary: ["<|role_end|>"],
    },
  },
  {
    family: "telechat",
    models: "TeleChat",
    source: "tokenizer_config.json of TeleChat2",
    tokens: { turn: ["<_system>", "<_user>", "<_bot>"], boundary: ["<_end>", "<_start>"] },
  },
  {
    family: "nemotron",
    models: "Nemotron 4, Nemotron-H, Minitron",
    source: "tokenizer_config.json of Nemotron-H",
    tokens: {
      turn: [
        "<extra_id_0>System",
        "<extra_id_1>User",
        "<extra_id_1>Assistant",
        "<SPECIAL_10>System",
        "<SPECIAL_11>User",
      ],
      boundary: [...numbers(3, (n) => `<extra_id_${n}>`), "<SPECIAL_12>"],
      tool: ["<TOOLCALL>[", "</TOOLCALL>", "<AVAILABLE_TOOLS>", "<TOOL_RESPONSE>"],
    },
  },
  {
    family: "internlm-xcomposer",
    models: "InternLM-XComposer 2, InternLM 2 as first published",
    source: "tokenizer_config.json of internlm-xcomposer2",
    tokens: {
      turn: ["[UNUSED_TOKEN_146]user", "[UNUSED_TOKEN_146]system"],
      boundary: ["[UNUSED_TOKEN_145]", "[UNUSED_TOKEN_146]"],
    },
  },
  {
    family: "baichuan",
    models: "Baichuan 2, Baichuan-M1",
    source: "tokenizer_config.json of Baichuan2-7B-Chat",
    tokens: {
      turn: ["<reserved_106>", "<reserved_107>", "<reserved_102>", "<C_Q>", "<C_A>", "<B_SYS>", "<B_USYS>"],
    },
  },
  {
    family: "skywork",
    models: "Skywork",
    source: "tokenizer_config.json of Skywork-13B-chat",
    tokens: { turn: ["</s><s>[USER]", "[SEP][BOT]"], boundary: ["[SEP]</s>"] },
  },
  {
    family: "minicpm",
    models: "MiniCPM 1 and 2, CPM",
    source: "chat template of MiniCPM-2B",
    tokens: { turn: ["<用户>"], mark: ["<AI>"] },
  },
  {
    family: "seed",
    models: "Seed-OSS",
    source: "tokenizer_config.json of Seed-OSS-36B",
    tokens: {
      turn: ["<seed:bos>system", "<seed:bos>user"],
      boundary: ["<seed:bos>", "<seed:eos>"],
      tool: ["<seed:tool_call>", "</seed:tool_call>"],
      reasoning: ["<seed:think>", "<seed:cot_budget_reflect>"],
    },
  },
  {
    family: "glm",
    models: "ChatGLM, GLM 4 to 5",
    source: "tokenizer_config.json of glm-4-9b-chat",
    tokens: { turn: ["[gMASK]<sop>", "[gMASK]"], tool: ["<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"] },
  },
  {
    family: "idefics",
    models: "Idefics 2 and 3, SmolVLM",
    source: "tokenizer_config.json of Idefics3-8B",
    tokens: { turn: ["<end_of_utterance>\nUser:"], boundary: ["<end_of_utterance>"] },
  },
  {
    family: "sentence-ends",
    models: "Llama 2, InternLM 1, Yuan 2, OLMoE, MOSS, NexusRaven, CogAgent, LongChat",
    source: "their tokenizers",
    tokens: {
      turn: ["</s><s>Human:", "<s>user\n", "</s>Assistant:", "<human_start>", "<bot_start>"],
      boundary: ["<human_end>", "<bot_end>", "</longcat_s>", "|||IP_ADDRESS|||", "<BOS_TOKEN>", "<EOS_TOKEN>"],
      mark: [
        "<eoa>",
        "<eoh>",
        "<eom>",
        "<eot>",
        "<eod>",
        "<EOS>",
        "<BOS>",
        "<EOI>",
        "<EOT>",
        "<unk>",
        "<sep>",
        "<sop>",
        "<eop>",
      ],
    },
  },
  {
    family: "qwen-agent",
    models: "Qwen-Agent's prompts",
    source: "Qwen-Agent, function calling prompts",
    tokens: { tool: ["✿FUNCTION✿", "✿ARGS✿", "✿RESULT✿", "✿RETURN✿"] },
  },
  {
    family: "koboldai",
    models: "any, behind KoboldAI",
    source: "KoboldCpp's instruct placeholders",
    tokens: { turn: ["{{[INPUT]}}", "{{[OUTPUT]}}", "{{[SYSTEM]}}"], boundary: ["{{[INPUT_END]}}"] },
  },
  {
    family: "gorilla",
    models: "Gorilla, xLAM, Apriel",
    source: "their chat templates",
    tokens: { tool: ["<<function>>", "<<api_call>>"], boundary: ["[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]"] },
  },
];
