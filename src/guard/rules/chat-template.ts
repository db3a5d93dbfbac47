import { anyCase, inSequence, literals, type Pattern, placed, type Rule, shaped, shapedAnyCase } from "../rule.ts";

/** Tags that say where something begins or ends: `<start_of_turn>`, `<beginning_of_sentence>`, and others of that make. */
const OF_TAGS = ["start", "begin", "beginning", "end", "stop"].flatMap((word) => [`<${word}_of_`, `</${word}_of_`]);
/** Tokens that have a number: reserved ones that a model uses for its turns. */
const NUMBERED = [
  "<extra_id_",
  "<reserved_",
  "<unused",
  "<SPECIAL_",
  "<special_",
  "<ctrl",
  "<token_",
  "<sep_",
  "[UNUSED_TOKEN_",
  "[control_",
];
/** Tags at the edge of a sequence. */
const BOUNDARIES = [
  ":bos>",
  ":eos>",
  ":begin>",
  ":start>",
  ":sot>",
  ":eot>",
  ":turn>",
  ":turn_start>",
  "_turn>",
  "<s>",
  "</s>",
  "<bos>",
  "<eos>",
  "<unk>",
  "<sep>",
  "<eoa>",
  "<eoh>",
  "<eot>",
  "<eom>",
  "<eod>",
];
/** Words of which bracketed control tokens in capitals are made, as Mistral's models have them. */
const BRACKETED = [
  ...["SYSTEM_PROMPT", "SYSTEM_MESSAGE", "SYSTEM_INSTRUCTION", "AVAILABLE_TOOLS", "MODEL_SETTINGS", "MODEL_RESPONSE"],
  ...["TOOL_CALL", "TOOL_CALLS", "TOOL_RESULT", "TOOL_RESULTS", "TOOL_CONTENT", "TOOL_RESPONSE", "TOOL_OUTPUT"],
  ...["USER_MESSAGE", "USER_PROMPT", "USER_TURN", "ASSISTANT_MESSAGE", "ASSISTANT_RESPONSE", "ASSISTANT_TURN"],
  ...["END_OF_TURN", "START_OF_TURN", "BEGIN_OF_TURN", "FUNCTION_CALL", "FUNCTION_RESULT", "REASONING"],
  ...["USER", "SYSTEM", "ASSISTANT", "HUMAN", "TURN", "ROLE"].flatMap((speaker) =>
    ["BEGIN", "START", "END"].flatMap((edge) => [`${speaker}_${edge}`, `${edge}_${speaker}`]),
  ),
].flatMap((words) => [`[${words}]`, `[/${words}]`]);
/** Roles of which a heading with the sign # is never one of a document. */
const HEADED_ROLES = ["User", "Human", "Assistant", "System", "USER", "HUMAN", "ASSISTANT", "SYSTEM"].flatMap(
  (role) => [`### ${role}:`, `###${role}:`],
);

/** Tags that name a speaker and an edge: `<user_start>`, `<SYS_END>`, `<s_system>`. */
const SPEAKERS = ["system", "sys", "user", "usr", "assistant", "asst", "human", "bot", "turn", "role", "tool", "call"];
const EDGES = SPEAKERS.flatMap((speaker) => [
  ...["start", "begin", "end", "stop"].flatMap((edge) => [`<${speaker}_${edge}>`, `<${edge}_${speaker}>`]),
  `<s_${speaker}>`,
]);
/** Signs that may stand inside both brackets of a token. */
const SIGNED = [":", "@", "+", "#", "!", "*", "=", "~", "^", "$", "_"].map((sign) => `<${sign}`);

/** Tokens that end what somebody says; what heads a turn in plain words is one right behind them. */
const ENDS = [
  "<eos>",
  "<|endoftext|>",
  "<|EOT|>",
  "<|eot|>",
  "<|eos|>",
  "<|end|>",
  "<|end_of_text|>",
  "<｜end▁of▁sentence｜>",
];
const HEADINGS = [
  ...["### Instruction", "### Response", "### Human", "### Assistant", "### User", "### System", "Human:", "User:"],
  ...["USER:", "Assistant:", "ASSISTANT:", "System:", "SYSTEM:", "Question:", "GPT4 Correct User:", "[INST]"],
];
/** Blanks and line breaks between the two, and the heading. */
const ENDED_BYTES = 32;

/** Blocks of a template for each role: `{{#role 'system'}}`, `{{#system}}`. */
const BLOCKS = [
  ...["system", "user", "assistant"].flatMap((role) =>
    ["{{", "{{#", "{{~#"].flatMap((open) => literals(`${open}role '${role}'`, `${open}role "${role}"`)),
  ),
  ...literals("{{#system}}"),
];

const pair = (leads: readonly string[], follows: readonly string[]): Pattern => ({
  kind: "sequence",
  leads: leads.map((text) => ({ text, at: "line-start" })),
  follows: follows.map((text) => ({ text, at: "line-start" })),
  withinBytes: 8192,
});
/** Turns in running text; the second may follow the first one's last word without a blank. */
const said = (leads: readonly string[], follows: readonly string[]): Pattern => ({
  kind: "sequence",
  leads: leads.map((text) => ({ text, at: "word-start" })),
  follows: follows.map((text) => ({ text })),
  withinBytes: 8192,
});

/**
 * The shapes in which models mark turns, roles and tool calls, which unseen ones will have too. Tokens known by name are in
 * `vocabulary/`. Rates: hits in 38,586 ordinary files (sources, headers, logs, configuration, 12,000 documents).
 */
export const CHAT_TEMPLATE_RULES: readonly Rule[] = [
  {
    id: "chat.role-turn",
    family: "chat-template",
    severity: "critical",
    meaning:
      "Opens a turn of a named role: with the template of the target model this text becomes its system or user.",
    reason: "opens a conversation turn with chat template tokens",
    patterns: [
      ...shaped("role-turn", "<|"),
      ...shaped("fullwidth-turn", "<｜"),
      ...shaped("square-bar-turn", "[|"),
      ...shaped("tilde-turn", "]~"),
      ...shapedAnyCase("tag-rest-turn", ...OF_TAGS),
      ...shapedAnyCase("numbered-turn", ...NUMBERED, "[Round "),
      ...shapedAnyCase("boundary-turn", ...BOUNDARIES),
      ...shaped("sided-turn", "<|"),
      inSequence([...literals(...ENDS), ...shaped("orphan-close", "</s>")], literals(...HEADINGS), ENDED_BYTES),
      ...shaped("orphan-close", "</s><s>"),
    ],
  },
  {
    id: "chat.special-token",
    family: "chat-template",
    severity: "high",
    meaning:
      "A special token between `<|` and `|>` (ChatML, Llama, Phi, Cohere, GLM, harmony, and whatever comes next), or between signs of the same make. Rate: 0.02 %, all of it about language models.",
    reason: "contains a chat template control token",
    patterns: [
      ...shaped("special-token", "<|"),
      ...shaped("fullwidth-token", "<｜", "</｜"),
      ...shaped("square-bar", "[|"),
      ...shaped("tilde-token", "]~"),
      ...shaped("tilde-end", "~["),
      ...shaped("triangle-token", "◁"),
      ...shaped("barred-tag", "<|", "</|"),
      ...literals("<|/tool|>"),
    ],
  },
  {
    id: "chat.sided-token",
    family: "chat-template",
    severity: "medium",
    meaning: "A token with a bar on one side only, as Gemma 4 writes them.",
    reason: "contains a chat template control token",
    patterns: [...shaped("token-open", "<|"), ...shaped("token-close", "|>")],
  },
  {
    id: "chat.signed-token",
    family: "chat-template",
    severity: "medium",
    meaning:
      "A speaker, a beginning or an end between two of the same sign, in brackets, as special tokens are made. Rate: 0.",
    reason: "contains what is made like a control token",
    patterns: [
      ...shaped("signed-token", ...SIGNED, "{|"),
      ...shaped("escaped-token", "<\\|"),
      ...shaped("barred-role", "<|"),
      ...shapedAnyCase("namespaced-role", ":turn", ":begin_turn", ":start_turn", ":message", ":msg"),
      ...BLOCKS,
    ],
  },
  {
    id: "chat.enclosed-role",
    family: "chat-template",
    severity: "medium",
    meaning: "The names of two speakers between the same signs, whatever these are: turns of a conversation.",
    reason: "contains what is made like turns of a conversation",
    patterns: shapedAnyCase(
      "enclosed-role",
      "system",
      "sys",
      "developer",
      "user",
      "usr",
      "human",
      "assistant",
      "asst",
      "bot",
    ),
  },
  {
    id: "chat.turn-marker",
    family: "chat-template",
    severity: "high",
    meaning:
      "A tag that says where a turn, a sentence or an utterance begins or ends (Gemma, MiniMax, Idefics). Rate: 0.",
    reason: "contains a chat template turn marker",
    patterns: [
      ...shapedAnyCase("tag-rest", ...OF_TAGS),
      ...anyCase(
        "<im_start>",
        "<im_end>",
        "<start_function_call>",
        "<end_function_call>",
        "<start_function_response>",
        "<end_function_response>",
        "<endofturn>",
        "<startofturn>",
        "</turn><turn>",
        "</turn>\n<turn>",
        "<endoftext>",
        ...EDGES,
      ),
      ...literals("<|turn>", "<turn|>"),
    ],
  },
  {
    id: "chat.bracket-token",
    family: "chat-template",
    severity: "high",
    meaning:
      "Bracketed control tokens in capitals, for system prompts, tools and reasoning (Mistral and others). Rate: 0.",
    reason: "contains a chat template control token",
    patterns: [
      ...shaped("unindexed", ...BRACKETED),
      ...literals("[INST]", "[/INST]", "[gMASK]", "[ARGS]{", "[CALL_ID]", "[THINK]", "[/THINK]"),
    ],
  },
  {
    id: "chat.numbered-token",
    family: "chat-template",
    severity: "medium",
    meaning: "A reserved token with a number, which some models use for turns. Rate: 0.",
    reason: "contains a reserved token of a model",
    patterns: shapedAnyCase("numbered-token", ...NUMBERED),
  },
  {
    id: "chat.sentence-boundary",
    family: "chat-template",
    severity: "medium",
    meaning: "The end of a sequence where nothing was opened that it could close. Rate: 0.",
    reason: "contains a model's sequence boundary token",
    patterns: [...shaped("orphan-close", "</s>"), ...literals("</s><|")],
  },
  {
    id: "chat.legacy-turn",
    family: "chat-template",
    severity: "medium",
    meaning:
      "Turns of templates made of plain text: Claude's legacy prompt, Alpaca, Vicuna, OpenChat, Grok's after its separator. Rate: 0.",
    reason: "imitates a conversation turn in plain text",
    patterns: [
      ...placed("paragraph-start", "Human:", "Assistant:"),
      ...placed("line-start", "### Instruction:", "GPT4 Correct User:", "GPT4 Correct Assistant:"),
      ...["<system>", "<user>", "<assistant>", "<human>", "<bot>"].map(
        (text): Pattern => ({ kind: "trigger", trigger: { text, at: "whole-line", shape: "tag-before-text" } }),
      ),
      ...placed("line-start", ...HEADED_ROLES),
      said(["USER:", "User:"], ["ASSISTANT:", "Assistant:", "GPT:", "Falcon:"]),
      pair(["### User\n", "### Human\n"], ["### Assistant\n", "### Bot\n"]),
      said(["Human:"], ["Assistant:", "### Assistant:", "AI:"]),
      pair(
        ["### Prompt:", "### Problem:", "### Question:", "### Input:"],
        ["### Response:", "### Answer:", "### Solution:"],
      ),
      ...literals("###Assistant:", "###Human:"),
      said(
        ["[USER]", "[HUMAN]", "[SYSTEM]", "[SYS]"],
        ["[/USER]", "[/HUMAN]", "[/SYSTEM]", "[/SYS]", "[ASSISTANT]", "[BOT]"],
      ),
      ...literals("<<USER>>", "<<HUMAN>>", "<<SYSTEM>>", "<<ASSISTANT>>"),
      inSequence(anyCase("<sys>"), anyCase("<usr>", "<asst>", "</sys><user>", "</sys>\n<user>"), 8192),
      ...["CALL", "FUNCTION", "TOOL"].map((word) => inSequence(literals(`[${word}]`), literals(`[/${word}]`), 8192)),
      ...["SYSTEM", "SYS", "USER", "HUMAN", "ASSISTANT"].map((role) =>
        inSequence(literals(`<${role}>`), literals(`</${role}>`), 8192),
      ),
      ...anyCase("<human>:", "<bot>:"),
    ],
  },
  {
    id: "chat.role-line",
    family: "chat-template",
    severity: "info",
    meaning: "Lines that begin with a role's name; 2 to 13 % of ordinary documents have some.",
    reason: "has lines that begin with a role name",
    patterns: placed("line-start", "System:", "User:", "SYSTEM:", "USER:", "ASSISTANT:"),
  },
  {
    id: "chat.reasoning-tag",
    family: "chat-template",
    severity: "medium",
    meaning: "Tags around a model's hidden reasoning, and reminders that only its harness writes.",
    reason: "imitates a model's reasoning or its harness",
    patterns: literals(
      "<thinking>",
      "<scratchpad>",
      "<think>",
      "</think>",
      "<system-reminder>",
      "</system-reminder>",
      "<|think|>",
      "<channel|>",
    ),
  },
];
