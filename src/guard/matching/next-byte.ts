import { isBlank, isDigit, isLower, isNameByte, isWord } from "./bytes.ts";
import type { ShapeName } from "./shapes.ts";

const COLON = 0x3a;
const isNumberOrBlank = (byte: number): boolean => isDigit(byte) || isBlank(byte);
const isParameter = (byte: number): boolean => byte >= 0x30 && byte <= 0x3f;
const isAmong =
  (...leads: readonly number[]) =>
  (byte: number): boolean =>
    leads.includes(byte);
/** White space and comments too. */
const followsKey = (byte: number): boolean => byte === COLON || byte === 0x2f || isBlank(byte);
/** What follows a header's or a member's name. */
const endsName = (byte: number): boolean => isAmong(0x22, 0x27, 0x2c, 0x3d, COLON)(byte) || isBlank(byte);

/** Signs that close something. */
const ENDS_MARK = Uint8Array.from({ length: 0x80 }, (_, byte) =>
  /[<>\])}|#%@^~$:&+=!?*/\\_"'-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * What must come right after the literal for its shape to hold. It says nothing a shape does not say as well; asking
 * it first, in the automaton, spares the call of the shape at most places. Shapes that are missing take any byte, and
 * none of those here holds at the end of the text.
 */
export const NEXT_BYTE: Readonly<Partial<Record<ShapeName, (byte: number) => boolean>>> = Object.freeze({
  label: (byte) => byte === COLON || isNumberOrBlank(byte),
  "action-input-label": (byte) => isNumberOrBlank(byte) || byte === 0x49 || byte === 0x69,
  "encoded-command": isBlank,
  "json-value": followsKey,
  "json-container": followsKey,
  "markdown-reference": (byte) => isBlank(byte) || isAmong(0x2f, 0x48, 0x68)(byte),
  "csi-conceal": isParameter,
  "csi-report": (byte) => isParameter(byte) || byte === 0x6e || byte === 0x63,
  "special-token": isNameByte,
  "role-turn": isNameByte,
  "square-bar": isWord,
  "square-bar-turn": isWord,
  "tilde-token": (byte) => byte === 0x21 || isLower(byte),
  "tilde-turn": (byte) => byte === 0x21 || isLower(byte),
  "tag-rest": isWord,
  "tag-rest-turn": isWord,
  "numbered-token": isDigit,
  "numbered-turn": isDigit,
  "tag-attribute": isBlank,
  "function-tag": isBlank,
  "tag-before-text": isBlank,
  "tag-end": (byte) => byte === 0x3e || byte === 0x2f || isBlank(byte),
  "namespaced-tag": (byte) => byte === 0x3e || byte === 0x2f || isWord(byte) || isBlank(byte),
  "token-open": isLower,
  "sided-turn": isLower,
  "signed-token": (byte) => byte === 0x2f || isWord(byte),
  "enclosed-role": (byte) => byte >= 0x80 || byte === 0x0a || byte === 0x0d || ENDS_MARK[byte] === 1,
  "escaped-token": (byte) => isAmong(0x3e, 0x5c, 0x7c)(byte) || isWord(byte),
  "namespaced-role": (byte) => isBlank(byte) || isWord(byte),
  "barred-role": isWord,
  "barred-tag": (byte) => byte >= 0x41 && byte <= 0x5a,
  "selector-run": isAmong(0xef, 0xf3),
  "tag-run": isAmong(0xf3),
  "netrc-password": isBlank,
  "command-password": isBlank,
  "jwk-member": (byte) => byte === COLON || isBlank(byte),
  "cookie-value": endsName,
  authorization: endsName,
  "zero-width-run": (byte) => byte >= 0x80,
});
