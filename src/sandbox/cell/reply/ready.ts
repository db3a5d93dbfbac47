import type { ReplyFrame } from "../protocol.ts";
import { fieldsOf, misbehaved } from "./fields.ts";

/** The reply to a template that was loaded. Throws ZtlError `cell-misbehaved`. */
export function readyOf(header: ReplyFrame["header"]): void {
  if (fieldsOf(header, new Set(["type"]), "an acknowledgement").type !== "ready")
    misbehaved("loading has another kind of reply");
}
