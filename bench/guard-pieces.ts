/** Texts of one megabyte for measuring the guard: honest ones, and ones built to make it slow. */

import { randomFrom } from "./random.ts";

export const MEGABYTE = 1024 * 1024;

const WORDS = "the quick report of a run says that 42 files were read and nothing was written to the disk".split(" ");

const SOURCE = `
/** Adds what is new. */
export function merge(left: readonly string[], right: readonly string[]): string[] {
  const seen = new Set(left);
  return [...left, ...right.filter((name) => !seen.has(name) && name.length > 0)];
}
`;

/** Repeats what `piece` gives until there are so many bytes. */
export function fill(bytes: number, piece: () => Uint8Array): Uint8Array {
  const content = new Uint8Array(bytes);
  let at = 0;
  while (at < bytes) {
    const next = piece().subarray(0, bytes - at);
    content.set(next, at);
    at += next.length;
  }
  return content;
}

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Prose and program text, as tools return them. */
export function cleanText(bytes: number): Readonly<Record<"prose" | "source", Uint8Array>> {
  const random = randomFrom(1);
  const word = (): string => WORDS[Math.floor(random() * WORDS.length)] as string;
  const sentence = (): Uint8Array => encoded(`${Array.from({ length: 12 }, word).join(" ")}.\n`);
  return { prose: fill(bytes, sentence), source: fill(bytes, () => encoded(SOURCE)) };
}

/** What each part of the guard likes least, repeated. */
export const HOSTILE_PIECES: readonly string[] = [
  ...["<|", "|>", "<|a", "<｜", "<|im_start|", "[INST", "<start_of_turn", "<<SYS>", "{{", "<s>[INST"],
  ...["\nAction", "\nAction 1", "\nAction 1 Input", "\nThought:", "\n\nHuman", "Final Answer", "               Action"],
  ...[
    '{"role"',
    '"role":',
    '{"',
    '"',
    '{"a":',
    "[",
    "}",
    '{"role":"{',
    '{"lc":1,"id":[',
    "'role' : '",
    '{"jsonrpc":"2.0",',
  ],
  ...[
    "</s>",
    "<s></s>",
    "[|",
    "[|user_a",
    "]~",
    "]~b",
    "~[",
    "a~[",
    "<|a_b|>",
    "<|user|>",
    "<｜a",
    "<extra_id_",
    "</s><s>",
  ],
  ...[
    "<message ",
    "<message a='",
    "<message role",
    "<a:invoke ",
    ":invoke",
    "tool_call",
    "<tool_call",
    "<function name=a>",
  ],
  ...[
    "{'",
    "{'role':\"",
    "'role'          ",
    '"role"     ',
    "Action  1 ",
    "Action:",
    "Action Input:",
    "USER:",
    "<start_of_a>",
  ],
  ...["&", "&#", "&#60;", "&lt;", "&amp;lt;", "&aaaaaaaaaaaa", "&#0000000060;", "&amp;amp;", "&verbar;"],
  ...[
    "%",
    "%3C",
    "%253C",
    "%25253C",
    "%41%",
    "\\",
    "\\\\",
    "\\u003c",
    "\\x3c",
    "\\u{3c}",
    "\\ud83d\\ude00",
    "\\\\u005c",
  ],
  ...["%26amp;%2541", "\\u0025&#x34;%31", "&#x26;#60;", "%5cu003c", "\\u005cu003c"],
  ...[
    "\u200b",
    "a\u200b",
    "\u00ad",
    "\u202e",
    "\u{e0041}",
    "x\u{e0041}",
    "\ufe0f",
    "\u{e0101}",
    "Ａ",
    "а",
    "｜",
    "▁",
    "𝐀",
    "①",
  ],
  ...["\x1b[", "\x1b[8;8;8", "\x1b]", "\x1b[38;5;8m", "\0", "\x7f", "\u009b"],
  ...[
    "QUFB",
    "QUFBQUFBQUFBQUFB ",
    "UVVGQlFVRkI=",
    "deadbeef",
    "3c7c3c7c3c7c3c7c3c7c3c7c ",
    "a/b-c_d+",
    "////",
    "PHxpbV9zdGFydHw+ ",
  ],
  ...[
    "![",
    "![](http://a?",
    "![a](https://h?q=AAAAAAAAAAAAAAA",
    "]: http://a?=",
    "<img ",
    "<img src=",
    "<img src=http://a?",
    "==",
  ],
  ...["curl ", "| sh", "-enc AAAA", "TERMINATE\n", "\n", " ", "\r\n", "a", "/dev/tcp/"],
  ...[
    "]://",
    "]:http://",
    "?q=",
    "{",
    "{{",
    "'",
    '{"role":"{\\u003c',
    '"type":',
    '"name":"x","arguments":{',
    "<think>",
  ],
  ...["aaaaaaaaaaaaaaaa", "\u00e9", "語", "\u{1f600}", "\\\\n", '\\\\\\"', "&amp;#92;", "%5c%5c", "\u200b\u200c"],
  ...[
    "⟦user⟧",
    "%%sys%%",
    "\n:::user\n",
    "<turn:user>",
    "<\\|bot\\|",
    "<__bos__>",
    '<a from="user"',
    "<a:msg role=user ",
    "<|turn role=user",
    '"role"/*',
    '//"type"//\n',
    '"role"/**/',
  ],
];
