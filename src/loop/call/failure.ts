import { defined } from "../../base/optional.ts";
import { ZtlError } from "../../errors.ts";
import type { LoopParts } from "../parts.ts";
import type { Answer, Call } from "./call.ts";
import type { CallFailure } from "./call-result.ts";
import { errorWithoutSecrets } from "./secrets.ts";

/** A failure as the call's answer, recorded like any other; what the model reads of it is passed by the guard. */
export function failed(
  { examiner }: LoopParts,
  { scope, recorder }: Call,
  error: unknown,
): Extract<Answer, { status: "error" }> {
  const failure = errorWithoutSecrets(describe(error));
  recorder.record({ kind: "failure", body: { ...failure } });
  const next = failure.remedy === undefined ? "" : ` ${failure.remedy}`;
  const forModel = examiner.say(`The call did not run (${failure.code}): ${failure.message}${next}`, scope);
  return { status: "error", error: failure, forModel };
}

/** Texts may hold names that a guest chose. */
function describe(error: unknown): CallFailure {
  if (!ZtlError.isInstance(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: "internal", message: message.toWellFormed() };
  }
  const { remedy } = error.details;
  const told = typeof remedy === "string" ? remedy.toWellFormed() : undefined;
  return { code: error.code, message: error.message.toWellFormed(), ...defined({ remedy: told }) };
}
