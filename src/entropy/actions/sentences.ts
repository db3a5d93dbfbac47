import { ENTROPY_LIMITS } from "../limits.ts";
import { Words, wordsOf } from "./words.ts";

/**
 * Where a sentence ends: at its full stop, at a colon before what it announces, at an empty line, at the next item of a list or
 * the next member of a record. A line break alone does not end it, since tools wrap what they print.
 */
const BOUNDARY =
  /[.!?:;]['")\]]*\s+|\n\s*\n|\n\s*(?=[-*•#]\s|\d{1,3}[.)]\s|[\w-]{1,40}:\s|[A-Z<])|\s(?=\d{1,2}[.)]\s)|[<>{}]/;

/**
 * Verbs that ask for an action when a sentence begins with them: common English verbs of doing things with messages, money,
 * files, places and programs. No list of attacks: what a note of a colleague asks for begins with the same ones.
 */
const VERBS: ReadonlySet<string> = new Set(
  `accept access add adjust allow answer append apply approve archive arrange ask assign attach authorise authorize block book
  browse buy call cancel change charge check choose click close collect complete comment confirm connect contact continue copy
  create deactivate delete deliver deploy deposit disable disclose distribute do donate download drop edit email empty enable
  encode enter erase execute exfiltrate export extract fetch fill find finish follow forget forward get give go grant hand
  hide ignore import include inform insert install invite issue join leave list load log look mail make mark message modify
  move navigate notify open order paste pay perform place post print proceed provide publish purchase push put query read
  recommend refund register remind remove rename replace reply report request reschedule reserve reset respond restart
  retrieve return reveal review revoke run save say schedule search see select send set settle share show sign skip store
  submit subscribe summarise summarize take tell text transfer translate transmit tweet type unsubscribe update upgrade upload
  use verify visit wire withdraw write`.split(/\s+/),
);
/** What may stand before the verb. */
const OPENERS: ReadonlySet<string> = new Set(
  "please kindly then now first next also and just so finally instead immediately always never don do not t 1 2 3 4 5 6 7 8 9".split(
    " ",
  ),
);
/** Somebody is told what to do, wherever in the sentence. */
const TOLD =
  /\b(?:please|kindly|you (?:must|should|need to|have to|are to|can|may|will)|make sure|be sure to|(?:could|can|would|will) you|(?:i|we) (?:need|want|would like|ask) you to|has to be|must be|needs to be)\b/i;

export interface Sentence {
  readonly text: string;
  readonly words: Words;
}

/** The sentences of a text that ask for something to be done. */
export function imperativesOf(text: string): Sentence[] {
  const bounded = text.slice(0, ENTROPY_LIMITS.textCharacters);
  return bounded
    .split(BOUNDARY)
    .filter((sentence) => isImperative(sentence))
    .map((sentence) => ({ text: sentence.trim(), words: Words.of(sentence) }));
}

function isImperative(sentence: string): boolean {
  if (TOLD.test(sentence)) return true;
  const begins = wordsOf(sentence.slice(0, 200)).slice(0, 4);
  const verb = begins.find((word) => !OPENERS.has(word));
  return verb !== undefined && VERBS.has(verb);
}
