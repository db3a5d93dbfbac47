import { canonicalise } from "../../base/canonical-json.ts";
import { sha256Stream } from "../../base/sha256.ts";
import { ROW_JSON } from "../limits.ts";
import type { ChangeEntry, Manifest } from "./change-set.ts";

/**
 * SHA-256 in hexadecimal of a manifest's canonical JSON; an approval names it. The text is hashed as it is made, entry by entry: there
 * may be a hundred thousand, and nobody needs it whole. Members come in canonical order.
 */
export class ManifestHash {
  readonly #hash = sha256Stream();
  #isFirst = true;

  constructor({ agent, command }: Pick<Manifest, "agent" | "command">) {
    this.#hash.update(`{"agent":${canonicalise(agent)},"command":${canonicalise(command)},"entries":[`);
  }

  /** One entry's canonical JSON, or that of several with commas between. */
  add(entries: string): void {
    this.#hash.update(this.#isFirst ? entries : `,${entries}`);
    this.#isFirst = false;
  }

  /** To be asked for once. */
  digest({ roots, runId, tool }: Pick<Manifest, "roots" | "runId" | "tool">): string {
    const rest = [roots, runId, tool].map((value) => canonicalise(value, ROW_JSON));
    this.#hash.update(`],"roots":${rest[0]},"runId":${rest[1]},"tool":${rest[2]}}`);
    return this.#hash.digest("hex");
  }
}

/** Throws ZtlError `json-unsupported` for what no reviewer could be shown. */
export function canonicalEntry(entry: ChangeEntry): string {
  return canonicalise(entry, ROW_JSON);
}
