import type { Trigger } from "../rule.ts";
import { isBase64, isBlank, isDigit, skipBlank, startsWith } from "./bytes.ts";
import type { LetterRuns } from "./letter-runs.ts";
import { commandPassword } from "./shapes-commands.ts";
import {
  authorization,
  cookieValue,
  directiveValue,
  elementSecret,
  jwkMember,
  netrcPassword,
  passwordHash,
  pgpassPassword,
} from "./shapes-credentials.ts";
import { enclosedRole, type Marks } from "./shapes-enclosed.ts";
import { jsonContainer, jsonValue, opensPair } from "./shapes-json.ts";
import { htmlLoad, markdownImage, markdownReference, type UrlReading } from "./shapes-links.ts";
import {
  credentialAfter,
  jsonWebToken,
  prefixedToken,
  privateKeyBlock,
  puttyKey,
  urlPassword,
} from "./shapes-secrets.ts";
import { assignedSecret } from "./shapes-settings.ts";
import {
  barredRole,
  functionTag,
  namespacedRole,
  namespacedTag,
  roleTag,
  tagAttribute,
  tagEnd,
  wordyTag,
} from "./shapes-tags.ts";
import { controlString, csiConceal, csiReport, hyperlink } from "./shapes-terminal.ts";
import {
  barredTag,
  escapedToken,
  fullwidthToken,
  fullwidthTurn,
  roleTurn,
  sidedTurn,
  signedToken,
  specialToken,
  tokenClose,
  tokenOpen,
  triangleToken,
} from "./shapes-tokens.ts";
import {
  boundaryTurn,
  numberedToken,
  numberedTurn,
  orphanClose,
  squareBar,
  squareBarTurn,
  tagBeforeText,
  tagRest,
  tagRestTurn,
  tildeEnd,
  tildeToken,
  tildeTurn,
  ungrouped,
  unindexed,
  unlisted,
} from "./shapes-turns.ts";
import { bidiOverride, selectorRun, tagRun, zeroWidthRun } from "./shapes-unicode.ts";

/** Where the literal of a trigger was found. A shape may move the ends to what it recognised. */
export interface Span {
  start: number;
  end: number;
  /** The last URL that was read, so that one with many beginnings in it is not read for each. */
  url?: UrlReading;
  /** The same of the last runs of letters. */
  runs?: LetterRuns;
  /** The last marks of turns. */
  marks?: Marks;
  /** And of the last row of cookies without one that is a secret. */
  cookies?: LookedAt;
}

/** A stretch that has been looked at to its end. */
interface LookedAt {
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly end: number;
}

/** True when the text around the literal has the shape. Looks at a bounded number of bytes, never backtracks. */
export type Shape = (bytes: Uint8Array, span: Span, trigger: Trigger) => boolean;

const ENCODED_COMMAND_MIN = 32;

/** `Action:`, `Action 2 :` (CrewAI's expression allows a number). */
function label(bytes: Uint8Array, span: Span): boolean {
  const colon = afterNumber(bytes, span.end);
  if (bytes[colon] !== 0x3a) return false;
  span.end = colon + 1;
  return true;
}

/** `Action Input:`, `Action 1 Input 1:`; the literal is `Action`. */
function actionInputLabel(bytes: Uint8Array, span: Span): boolean {
  const input = afterNumber(bytes, span.end);
  if (!startsWith(bytes, input, "Input") && !startsWith(bytes, input, "input")) return false;
  const colon = afterNumber(bytes, input + 5);
  if (bytes[colon] !== 0x3a) return false;
  span.end = colon + 1;
  return true;
}

/** The parsers' expressions set no bound here; what stands after one word stands after no other, so each byte is read once. */
function afterNumber(bytes: Uint8Array, at: number): number {
  let index = at;
  while (isDigit(bytes[index]) || isBlank(bytes[index])) index++;
  return index;
}

/** `-enc JABz…`: an option followed by a long base64 argument. */
function encodedCommand(bytes: Uint8Array, span: Span): boolean {
  const first = skipBlank(bytes, span.end, 4);
  if (first === span.end) return false;
  let end = first;
  while (end - first < ENCODED_COMMAND_MIN && isBase64(bytes[end])) end++;
  span.end = end;
  return end - first === ENCODED_COMMAND_MIN;
}

/** The functions that rules may name. They are part of the rule set: `ENGINE_VERSION` changes when one does. */
export const SHAPES = Object.freeze({
  label,
  "action-input-label": actionInputLabel,
  "encoded-command": encodedCommand,
  "json-value": jsonValue,
  "json-container": jsonContainer,
  "opens-pair": opensPair,
  "html-load": htmlLoad,
  "markdown-image": markdownImage,
  "markdown-reference": markdownReference,
  "control-string": controlString,
  "csi-conceal": csiConceal,
  "csi-report": csiReport,
  hyperlink,
  "special-token": specialToken,
  "token-open": tokenOpen,
  "token-close": tokenClose,
  "fullwidth-token": fullwidthToken,
  "fullwidth-turn": fullwidthTurn,
  "barred-tag": barredTag,
  "sided-turn": sidedTurn,
  "signed-token": signedToken,
  "escaped-token": escapedToken,
  "enclosed-role": enclosedRole,
  "square-bar": squareBar,
  "square-bar-turn": squareBarTurn,
  "tilde-token": tildeToken,
  "tilde-turn": tildeTurn,
  "tilde-end": tildeEnd,
  "tag-rest": tagRest,
  "tag-rest-turn": tagRestTurn,
  "tag-before-text": tagBeforeText,
  "numbered-token": numberedToken,
  "numbered-turn": numberedTurn,
  "boundary-turn": boundaryTurn,
  "orphan-close": orphanClose,
  unindexed,
  unlisted,
  ungrouped,
  "tag-attribute": tagAttribute,
  "tag-end": tagEnd,
  "namespaced-tag": namespacedTag,
  "namespaced-role": namespacedRole,
  "barred-role": barredRole,
  "wordy-tag": wordyTag,
  "role-tag": roleTag,
  "triangle-token": triangleToken,
  "function-tag": functionTag,
  "role-turn": roleTurn,
  "bidi-override": bidiOverride,
  "selector-run": selectorRun,
  "tag-run": tagRun,
  "zero-width-run": zeroWidthRun,
  "prefixed-token": prefixedToken,
  "json-web-token": jsonWebToken,
  "private-key": privateKeyBlock,
  "putty-key": puttyKey,
  "url-password": urlPassword,
  "credential-after": credentialAfter,
  "assigned-secret": assignedSecret,
  "netrc-password": netrcPassword,
  "pgpass-password": pgpassPassword,
  "command-password": commandPassword,
  "cookie-value": cookieValue,
  authorization,
  "password-hash": passwordHash,
  "element-secret": elementSecret,
  "jwk-member": jwkMember,
  "directive-value": directiveValue,
} satisfies Record<string, Shape>);

export type ShapeName = keyof typeof SHAPES;

/** Counts every change to what shapes, places or views recognise; it is hashed with the rules. */
export const ENGINE_VERSION = 10;
