import type { WireRead } from "../protocol.ts";
import { checkExtents } from "./contents.ts";
import { booleanOf, type Fields, fieldsOf, markOf, misbehaved, oneOf, pathOf, sha256Of, wholeOf } from "./fields.ts";
import type { Places } from "./places.ts";

const READ = new Set(["path", "sizeBytes", "sha256", "parts", "unhashed", "changedDuringRun", "fromLayer"]);
const UNHASHED: ReadonlySet<NonNullable<WireRead["unhashed"]>> = new Set(["unreadable", "out-of-time"]);

/** Where a file is on the host is not asked: it follows from where the guest saw it. */
export function readOf(value: unknown, places: Places, hasLayer: boolean): WireRead {
  const fields = fieldsOf(value, READ, "a file that was read");
  const path = pathOf(fields.path, "the path of a file that was read");
  const place = places.find(path);
  if (place?.mount.kind !== "ro" && place?.mount.kind !== "overlay")
    misbehaved("a file that was read is not the host's");
  const sizeBytes = wholeOf(fields.sizeBytes, Number.MAX_SAFE_INTEGER, "a file's size");
  const sha256 = fields.sha256 === undefined ? undefined : sha256Of(fields.sha256, "the hash of a file that was read");
  if (fields.unhashed !== undefined && sha256 !== undefined) misbehaved("a file is hashed and is not");
  if (fields.parts !== undefined) {
    if (sha256 === undefined) misbehaved("parts of a file have no hash");
    checkExtents(fields.parts, sizeBytes);
  }
  if (fields.fromLayer !== undefined) checkLayerRead(fields, hasLayer);
  return {
    path,
    sizeBytes,
    sha256,
    ...(fields.parts !== undefined && { parts: fields.parts as readonly number[] }),
    ...(fields.unhashed !== undefined && { unhashed: oneOf(fields.unhashed, UNHASHED, "why a file has no hash") }),
    changedDuringRun: booleanOf(fields.changedDuringRun, "whether a file changed"),
    ...(fields.fromLayer !== undefined && { fromLayer: true as const }),
  };
}

/** Such a file is immutable, and its hash was known before. */
function checkLayerRead({ fromLayer, sha256, parts, changedDuringRun }: Fields, hasLayer: boolean): void {
  markOf(fromLayer, "where a content comes from");
  if (!hasLayer) misbehaved("a file came from a layer that the run did not have");
  if (sha256 === undefined || parts !== undefined || changedDuringRun !== false)
    misbehaved("a file of a layer changed, or is known in part");
}
