import type { TokenFamily } from "./entry.ts";

const bars = (...names: readonly string[]): string[] => names.map((name) => `<|${name}|>`);
const fullwidth = (...names: readonly string[]): string[] => names.map((name) => `<｜${name}｜>`);

/** Families whose tokens stand between bars, as most of today's do. */
export const FAMILIES_WITH_BARS: readonly TokenFamily[] = [
  {
    family: "chatml",
    models: "Qwen, Yi, InternLM 2, Hermes, SmolLM, Bielik, MiMo, Step 3.5, Nemotron 3, Olmo 3",
    source: "tokenizer_config.json of Qwen2.5-7B-Instruct",
    tokens: {
      turn: ["<|im_start|>", "<|im_start|>system", "<|im_start|>question", "<|im_start|>environment"],
      boundary: bars("im_end", "im_sep", "endoftext"),
      other: bars(
        "vision_start",
        "vision_end",
        "vision_pad",
        "image_pad",
        "video_pad",
        "object_ref_start",
        "box_start",
      ),
    },
  },
  {
    family: "kimi",
    models: "Kimi K2 and K3, Moonlight",
    source: "tokenizer_config.json of Kimi-K2-Instruct",
    tokens: {
      turn: bars("im_system", "im_user", "im_assistant", "open"),
      boundary: bars("im_middle", "sep", "close", "end_of_msg"),
      tool: bars("tool_calls_section_begin", "tool_call_begin", "tool_call_argument_begin", "tool_call_end"),
    },
  },
  {
    family: "llama-3",
    models: "Llama 3 to 3.3, Functionary 3.2",
    source: "tokenizer_config.json of Llama-3.1-8B-Instruct",
    tokens: {
      turn: [...bars("start_header_id"), "<|start_header_id|>ipython<|end_header_id|>"],
      boundary: bars("begin_of_text", "end_of_text", "end_header_id", "eot_id", "eom_id"),
      tool: bars("python_tag"),
    },
  },
  {
    family: "llama-4",
    models: "Llama 4",
    source: "tokenizer_config.json of Llama-4-Scout",
    tokens: {
      turn: bars("header_start"),
      boundary: bars("header_end", "eot", "eom"),
      tool: bars("python_start", "python_end"),
    },
  },
  {
    family: "harmony",
    models: "gpt-oss",
    source: "the harmony format's reference",
    tokens: {
      turn: ["<|start|>", "<|start|>system", "<|start|>assistant<|channel|>"],
      boundary: bars("end", "return", "message", "channel", "refusal"),
      tool: bars("call", "constrain"),
    },
  },
  {
    family: "phi",
    models: "Phi 3 to 4, StarChat, Zephyr, OLMoE, Tulu",
    source: "tokenizer_config.json of Phi-3.5-mini-instruct",
    tokens: { turn: bars("system", "user", "assistant", "tool"), boundary: bars("end"), tool: ["<|/tool|>"] },
  },
  {
    family: "cohere",
    models: "Command R, Command A, Aya",
    source: "tokenizer_config.json of c4ai-command-r7b",
    tokens: {
      turn: bars("START_OF_TURN_TOKEN", "SYSTEM_TOKEN", "USER_TOKEN", "CHATBOT_TOKEN"),
      boundary: bars("END_OF_TURN_TOKEN", "END_RESPONSE", "END_TEXT"),
      tool: bars("START_ACTION", "END_ACTION", "START_TOOL_RESULT", "END_TOOL_RESULT"),
      reasoning: bars("START_THINKING", "END_THINKING"),
    },
  },
  {
    family: "deepseek",
    models: "DeepSeek V2 to V4, R1 and its distillations",
    source: "tokenizer_config.json of DeepSeek-V3.2",
    tokens: {
      turn: fullwidth("User", "Assistant"),
      start: fullwidth("begin▁of▁sentence"),
      boundary: fullwidth("end▁of▁sentence"),
      tool: [
        ...fullwidth("tool▁calls▁begin", "tool▁call▁begin", "tool▁sep", "tool▁outputs▁begin", "tool▁output▁begin"),
        ...["<｜DSML｜function_calls>", "<｜DSML｜tool_calls>", '<｜DSML｜invoke name="', "</｜DSML｜invoke>"],
      ],
    },
  },
  {
    family: "hunyuan",
    models: "Hunyuan, Hy 3",
    source: "tokenizer_config.json of Hunyuan-7B-Instruct",
    tokens: {
      turn: fullwidth("hy_User", "hy_Assistant", "hy_User:opensource"),
      start: [...fullwidth("hy_begin▁of▁sentence"), "<|startoftext|>", "<|extra_0|>", "<|extra_4|>"],
      boundary: fullwidth("hy_eos"),
    },
  },
  {
    family: "gemma-4",
    models: "Gemma 4",
    source: "chat template of gemma-4",
    tokens: {
      turn: ["<|turn>user", "<|turn>model", "<|turn>tool", "<|turn>system"],
      boundary: ["<turn|>", "<|channel>", "<channel|>"],
      tool: ["<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", '<|"|>'],
      reasoning: ["<|think|>"],
    },
  },
  {
    family: "granite",
    models: "Granite 3 and 4",
    source: "tokenizer_config.json of granite-3.3-2b-instruct",
    tokens: { turn: bars("start_of_role"), boundary: bars("end_of_role", "end_of_text"), tool: bars("tool_call") },
  },
  {
    family: "exaone",
    models: "EXAONE 3 to 4, Baize, BlueLM, Jais, Cerebras chat models",
    source: "tokenizer_config.json of EXAONE-3.5",
    tokens: {
      turn: ["[|system|]", "[|user|]", "[|assistant|]", "[|tool|]", "[|Human|]:", "[|AI|]:"],
      boundary: ["[|endofturn|]"],
    },
  },
  {
    family: "roles-in-bars",
    models: "InternLM 1, MOSS, YaYi, OpenAssistant, h2oGPT, StableLM, Youtu, GLM 4, Step Audio, Aquila, dots.llm1",
    source: "their chat templates in public template collections",
    tokens: {
      turn: [
        ...bars("System", "User", "Bot", "Human", "USER", "ASSISTANT", "SYSTEM", "prompter", "prompt", "answer", "BOT"),
        ...bars("startofpiece", "userprompt", "response", "model", "bom", "system_start", "user_start", "observation"),
        ...["<|BOT|>human", "<|begin_of_text|>user", "<|role_start|>user<|role_end|>", "<|begin|>assistant"],
      ],
      boundary: bars("EOT", "endofpiece", "endofuserprompt", "end_of_turn", "role_end", "eom", "separator", "role_sep"),
    },
  },
];
