import { plainText } from "../../../base/text/index.ts";
import { MESSAGE_UNITS_MAX } from "../protocol.ts";
import { fieldsOf, textOf } from "./fields.ts";

/** Codes that mean something of the host's own side: a cell that uses one could make its failure look like a caller's. */
const HOST_CODES = new Set([
  "cancelled",
  "cell-lost",
  "cell-misbehaved",
  "cell-start-failed",
  "closed",
  "invalid-input",
  "invariant",
  "queue-full",
  "wall-limit",
]);
const CODE = /^[a-z][a-z0-9-]{0,63}$/;

/** Why a cell says that it cannot go on. */
export function failureOf(header: Readonly<Record<string, unknown>>): { code: string; message: string } {
  const fields = fieldsOf(header, new Set(["type", "code", "message"]), "a failure");
  const code = textOf(fields.code, 64, "a failure's code");
  return {
    code: CODE.test(code) && !HOST_CODES.has(code) ? code : "cell-failed",
    message: plainText(textOf(fields.message, MESSAGE_UNITS_MAX, "a failure's message")),
  };
}
