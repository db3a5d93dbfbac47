import type { ByteString } from "../../../base/byte-string.ts";
import { type ChangedFileType, NAMES_MAX } from "../../../linux/vfs/index.ts";
import type { WireChange } from "../protocol.ts";
import {
  type Fields,
  fieldsOf,
  listOf,
  markOf,
  misbehaved,
  nanosecondsOf,
  oneOf,
  pathOf,
  sha256Of,
  targetOf,
  wholeOf,
} from "./fields.ts";
import type { Place, Places } from "./places.ts";

const KINDS: ReadonlySet<WireChange["kind"]> = new Set(["add", "modify", "delete"]);
const TYPES: ReadonlySet<ChangedFileType> = new Set([
  "file",
  "directory",
  "symlink",
  "fifo",
  "socket",
  "character-device",
  "block-device",
]);
/** What the host is shown to have; nothing else can go or change. */
const HOST_TYPES: ReadonlySet<ChangedFileType> = new Set(["file", "directory", "symlink"]);

const OF_DELETE = new Set(["path", "kind", "fileType", "sizeBytes", "baseSha256", "baseChangedDuringRun"]);
const OF_OTHERS = new Set([
  ...OF_DELETE,
  "mode",
  "uid",
  "gid",
  "symlinkTarget",
  "newSha256",
  "extents",
  "contentOf",
  "renamedFrom",
  "linkOf",
  "metadataOnly",
  "mtimeNs",
  "linkGroup",
]);
const ONLY_FILES = [
  "sizeBytes",
  "baseSha256",
  "baseChangedDuringRun",
  "newSha256",
  "extents",
  "contentOf",
  "linkGroup",
] as const;
/** Permission bits with set-id and sticky (stat.h). */
const MODE_MAX = 0o7777;
const ID_MAX = 0xffff_ffff;

/** A list of changes as only an honest cell makes it: sorted, each in an overlay, each with what its kind has. */
export function* changesOf(value: unknown, places: Places): Generator<void, readonly WireChange[]> {
  const list = listOf(value, "the change set");
  let before: WireChange | undefined;
  for (const one of list) {
    const change = changeOf(one, places);
    if (before !== undefined && !isInOrder(before, change)) misbehaved("the changes are not in order");
    before = change;
    yield;
  }
  const changes = list as readonly WireChange[];
  checkShared(changes);
  return changes;
}

/** By path; only a type that changed is in the list twice, gone and added. */
function isInOrder(before: WireChange, after: WireChange): boolean {
  if (before.path !== after.path) return before.path < after.path;
  return before.kind === "delete" && after.kind === "add";
}

function changeOf(value: unknown, places: Places): WireChange {
  const fields = fieldsOf(value, OF_OTHERS, "a change");
  const kind = oneOf(fields.kind, KINDS, "a change's kind");
  const fileType = oneOf(fields.fileType, TYPES, "a change's file type");
  const path = pathOf(fields.path, "a change's path");
  if (kind === "delete") fieldsOf(value, OF_DELETE, "a removed file");
  else checkAttributes(fields);
  if (kind !== "add" && !HOST_TYPES.has(fileType)) misbehaved(`a ${fileType} cannot have been on the host`);
  const place = placeOf(path, places, "a change");
  if (place.below === "" && !(kind === "modify" && fileType === "directory"))
    misbehaved("a mount's own place was added, removed or given a content");
  if (fileType === "file") checkFile(kind, fields);
  else checkOther(kind, fileType, fields);
  checkOtherNames(kind, fields, place, places);
  return value as WireChange;
}

/** Where a run may change something: in an overlay, and not below another mount on it. */
function placeOf(path: ByteString, places: Places, what: string): Place {
  const place = places.find(path);
  return place?.mount.kind === "overlay" ? place : misbehaved(`${what} is in no place that the run may change`);
}

function checkAttributes({ mode, uid, gid, mtimeNs }: Fields): void {
  wholeOf(mode, MODE_MAX, "a mode");
  wholeOf(uid, ID_MAX, "a user");
  wholeOf(gid, ID_MAX, "a group");
  if (mtimeNs !== undefined) nanosecondsOf(mtimeNs, "the time of a change");
}

function checkFile(kind: WireChange["kind"], fields: Fields): void {
  if (fields.symlinkTarget !== undefined) misbehaved("a file leads elsewhere");
  if (fields.sizeBytes !== undefined) wholeOf(fields.sizeBytes, Number.MAX_SAFE_INTEGER, "a file's size");
  if (fields.baseSha256 !== undefined) sha256Of(fields.baseSha256, "the hash of a host's file");
  if (fields.baseChangedDuringRun !== undefined) markOf(fields.baseChangedDuringRun, "a host's change");
  if (kind === "delete") return;
  if (fields.linkGroup !== undefined) wholeOf(fields.linkGroup, NAMES_MAX, "the number of a file with several names");
  if (kind === "add" && (fields.baseSha256 !== undefined || fields.metadataOnly !== undefined))
    misbehaved("a new file was there before");
  const hasContent = fields.extents !== undefined || fields.contentOf !== undefined;
  if (fields.metadataOnly !== undefined) {
    markOf(fields.metadataOnly, "a change of permissions");
    if (hasContent || fields.newSha256 !== undefined) misbehaved("a change of permissions alone has a content");
    return;
  }
  if (fields.extents !== undefined && fields.contentOf !== undefined) misbehaved("a file has two contents");
  if (hasContent === (fields.newSha256 === undefined)) misbehaved("a content and its hash are not both there");
  if (hasContent) sha256Of(fields.newSha256, "a new content's hash");
  // The host took the file away before it was read.
  else if (fields.baseChangedDuringRun === undefined) misbehaved("a changed file has no content");
  if (fields.sizeBytes === undefined) misbehaved("a changed file has no size");
}

function checkOther(kind: WireChange["kind"], fileType: ChangedFileType, fields: Fields): void {
  for (const name of ONLY_FILES) if (fields[name] !== undefined) misbehaved(`a ${fileType} has ${name}`);
  if (fields.metadataOnly !== undefined) {
    markOf(fields.metadataOnly, "a change of permissions");
    if (kind === "add") misbehaved("something new was there before");
  } else if (kind === "modify" && fileType === "directory") misbehaved("a directory has a content");
  if (kind === "delete") return;
  if (fileType !== "symlink") {
    if (fields.symlinkTarget !== undefined) misbehaved(`a ${fileType} leads elsewhere`);
  } else if (fields.symlinkTarget !== undefined) targetOf(fields.symlinkTarget, "a link's target");
  else if (fields.metadataOnly === undefined) misbehaved("a link leads nowhere");
}

/** Another name of the same file, or where it was: in the same overlay. */
function checkOtherNames(kind: WireChange["kind"], fields: Fields, { mount }: Place, places: Places): void {
  for (const name of ["renamedFrom", "linkOf"] as const) {
    if (fields[name] === undefined) continue;
    if (kind !== "add") misbehaved("something that was there before has another name");
    const other = placeOf(pathOf(fields[name], "another name"), places, "another name");
    if (other.mount !== mount) misbehaved("another name is in another mount");
  }
}

/** A content that is sent once for several files belongs to one that comes before, of the same size and hash. */
function checkShared(changes: readonly WireChange[]): void {
  for (const [index, { contentOf, sizeBytes, newSha256 }] of changes.entries()) {
    if (contentOf === undefined) continue;
    const first = changes[wholeOf(contentOf, Math.max(0, index - 1), "the place of a shared content")];
    if (first?.extents === undefined || first.sizeBytes !== sizeBytes || first.newSha256 !== newSha256)
      misbehaved("a shared content is another's");
  }
}
