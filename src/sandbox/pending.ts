import { toByteString } from "../base/byte-string.ts";
import { defined } from "../base/optional.ts";
import type { WireChange } from "./cell/protocol.ts";
import type { ChangedFile } from "./result.ts";
import { toSparse } from "./sparse.ts";

/** Pending changes as a cell takes them: paths as byte strings, contents apart and without their holes. */
export function encodePending(pending: readonly ChangedFile[]): { changes: WireChange[]; contents: Uint8Array[] } {
  const contents: Uint8Array[] = [];
  const changes = pending.map((change): WireChange => {
    const { content, path, pathBytes, renamedFrom, linkOf, symlinkTarget, mtimeNs, ...facts } = change;
    const { renamedFromBytes, linkOfBytes, symlinkTargetBytes, ...rest } = facts;
    return {
      ...rest,
      path: toByteString(path, pathBytes),
      ...defined({
        mtimeNs: mtimeNs?.toString(),
        renamedFrom: renamedFrom === undefined ? undefined : toByteString(renamedFrom, renamedFromBytes),
        linkOf: linkOf === undefined ? undefined : toByteString(linkOf, linkOfBytes),
        symlinkTarget: symlinkTarget === undefined ? undefined : toByteString(symlinkTarget, symlinkTargetBytes),
      }),
      ...(content && encodeContent(content, contents)),
    };
  });
  return { changes, contents };
}

function encodeContent(content: Uint8Array, contents: Uint8Array[]): Pick<WireChange, "sizeBytes" | "extents"> {
  const { sizeBytes, extents, data } = toSparse(content.length, (at, length) => [content.subarray(at, at + length)]);
  contents.push(...data);
  return { sizeBytes, extents };
}
