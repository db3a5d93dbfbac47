import type { Defence } from "./defence.ts";
import { contentOf } from "./recorded-run.ts";

/**
 * What is usually put before a model first: a list of phrases by which injected instructions give themselves away, after
 * those that guides and libraries for it list. None is taken from the recorded attacks: a list that knew their very words
 * would find all of them, and nothing of the next attack.
 */
const PHRASES = [
  /\b(ignore|disregard|forget|override|bypass)\b.{0,30}\b(previous|prior|above|earlier|preceding|all|any|your|the|these|those)\b.{0,30}\b(instructions?|prompts?|rules?|directions?|guidelines?|context|messages?|commands?)\b/is,
  /\b(new|updated|real|actual|additional|hidden|secret) instructions?\b\s*[:.]/i,
  /\b(you are|you're|act as|pretend to be|roleplay as|behave like) (now )?(a|an|the|in)\b.{0,40}\b(dan|developer mode|jailbr\w+|unrestricted|unfiltered|evil|admin\w*|root)\b/is,
  /\b(reveal|show|print|repeat|output|leak|tell me)\b.{0,30}\b(system prompt|initial prompt|hidden prompt|your (instructions|prompt|rules))\b/is,
  /\b(do not|don't|never) (tell|inform|mention|alert|notify)\b.{0,30}\b(the )?(user|human|anyone|person)\b/is,
  /\b(system|admin|administrator|developer) (override|message|instruction|prompt|notice)\s*:/i,
  /\b(developer|debug|god|maintenance|sudo) mode (is )?(now )?(on|enabled|activated)\b/i,
  /\bprompt injection\b|\bjailbreak\b|\bdo anything now\b/i,
  /<\|?(im_start|system|endoftext)\|?>|\[\/?(INST|SYS)\]|^###? ?(system|instruction)s?\s*:/im,
];

export const PHRASE_FILTER: Defence = {
  name: "a phrase filter",
  begin: () => ({
    before: async () => "made",
    after: async (call) => (PHRASES.some((phrase) => phrase.test(contentOf(call))) ? "unread" : "read"),
    end: async () => {},
  }),
  close: async () => {},
};
