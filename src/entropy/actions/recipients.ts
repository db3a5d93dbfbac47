import type { ArgumentValue } from "./values.ts";

/** Last names of arguments that say to whom or whereto. */
const ROLE =
  /(?:^|[_.-])(?:recipients?|receivers?|to|cc|bcc|e?mails?|users?|usernames?|participants?|attendees?|invitees?|members?|payees?|beneficiar(?:y|ies)|accounts?|iban|channels?|rooms?|phones?|urls?|uri|links?|hosts?|domains?|endpoint|webhook|address(?:es)?|destination|target|with)$/i;
/** A mail address, a host with or without a path, or an account number: letters and digits in one word, long enough to be no year or amount. */
const SHAPE =
  /^(?:[^\s@]+@[^\s@]+\.[^\s@]+|(?:\w+:\/\/)?(?:[\w-]+\.)+[a-z]{2,24}(?::\d+)?(?:[/?#]\S*)?|(?=\S*\d)[A-Za-z]{0,4}\d[\dA-Za-z ]{9,40})$/;

/** Whether a value says to whom something goes: by the name of its argument, or by what it looks like. */
export function isRecipient({ path, text }: ArgumentValue): boolean {
  return ROLE.test(path) || SHAPE.test(text.trim());
}
