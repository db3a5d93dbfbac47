import { ZtlError } from "../errors.ts";
import type { HostCheck } from "./doctor.ts";
import { virtualisationFindings } from "./doctor.ts";
import { findHostPython } from "./templates/host-python.ts";

/** What tool calls need of this host and it does not have; `python` is what calls of the `python` template need beside `microVms`. */
export interface HostLacks {
  readonly microVms?: Lack;
  readonly python?: Lack;
}

export type Lack = Pick<HostCheck, "text" | "remedy">;

/** Looks at the host as `ztl doctor` does, without a trial run. Never throws for what it finds. */
export function hostLacks(): HostLacks {
  const microVms = virtualisationFindings().find(({ state }) => state === "missing");
  const python = lackOfPython();
  return { ...(microVms && { microVms }), ...(python && { python }) };
}

function lackOfPython(): Lack | undefined {
  try {
    findHostPython();
    return undefined;
  } catch (error) {
    if (!ZtlError.isInstance(error)) throw error;
    return { text: error.message, remedy: String(error.details.remedy ?? "") };
  }
}
