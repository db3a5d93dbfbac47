import { BACKSLASH, isBlank, isWord, LT, skipBlank, startsWithAnyCase } from "./bytes.ts";

/** Who speaks in a conversation, as chat templates write it. */
const ROLES = [
  ...[
    "system",
    "developer",
    "assistant",
    "user",
    "tool",
    "tools",
    "model",
    "human",
    "ipython",
    "functions",
    "ai",
    "bot",
  ],
  ...["function", "chatbot", "observation", "environment", "gpt", "question", "answer", "prompter", "agent"],
];
/** By first letter in lower case: the roles that begin with it. */
const BY_LETTER: readonly (readonly string[])[] = Array.from({ length: 128 }, (_, code) =>
  ROLES.filter((role) => role.charCodeAt(0) === code),
);
/** Blanks and line breaks between a token and the role that it introduces. */
const GAP_MAX = 4;
/** Letters of an attribute after a role: `user name=user`, `assistant to=functions.x`. */
const ATTRIBUTE_MAX = 24;

/** End of a role's name that stands here as a whole word, or -1. */
export function roleEnd(bytes: Uint8Array, at: number): number {
  const first = (bytes[at] ?? 0) | 0x20;
  for (const role of BY_LETTER[first & 0x7f] as readonly string[])
    if (startsWithAnyCase(bytes, at, role) && !isWord(bytes[at + role.length])) return at + role.length;
  return -1;
}

/** End of the role's name that follows a token ending at `at` and heads a turn, or -1. */
export function headingRoleEnd(bytes: Uint8Array, at: number): number {
  const end = roleEnd(bytes, skipBlank(bytes, at, GAP_MAX));
  return end >= 0 && endsHeading(bytes, end) ? end : -1;
}

/** What follows a role in a heading: the end of the line, another token, a colon, a recipient; not more prose. */
export function endsHeading(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (byte === undefined || byte === 0x0a || byte === 0x0d || byte === LT || byte === 0x3a || byte === 0x2e)
    return true;
  if (byte === BACKSLASH || byte === 0x5b || byte === 0x5d) return true;
  return isBlank(byte) && isAttribute(bytes, at + 1);
}

function isAttribute(bytes: Uint8Array, first: number): boolean {
  let at = first;
  while (at - first < ATTRIBUTE_MAX && isWord(bytes[at])) at++;
  return at > first && bytes[at] === 0x3d;
}
