import type { WireChange } from "./cell/protocol.ts";
import type { ChangedFile } from "./result.ts";
import { toSparse } from "./sparse.ts";

/** Pending changes as a cell takes them: paths as byte strings, contents apart and without their holes. */
export function encodePending(pending: readonly ChangedFile[]): { changes: WireChange[]; contents: Uint8Array[] } {
  const contents: Uint8Array[] = [];
  const changes = pending.map((change): WireChange => {
    const { content, path, pathBytes, renamedFrom, linkOf, symlinkTarget, ...facts } = change;
    const { renamedFromBytes, linkOfBytes, symlinkTargetBytes, ...rest } = facts;
    return {
      ...rest,
      path: byteString(path, pathBytes),
      ...(renamedFrom === undefined ? {} : { renamedFrom: byteString(renamedFrom, renamedFromBytes) }),
      ...(linkOf === undefined ? {} : { linkOf: byteString(linkOf, linkOfBytes) }),
      ...(symlinkTarget === undefined ? {} : { symlinkTarget: byteString(symlinkTarget, symlinkTargetBytes) }),
      ...(content === undefined ? {} : encodeContent(content, contents)),
    };
  });
  return { changes, contents };
}

function encodeContent(content: Uint8Array, contents: Uint8Array[]): Pick<WireChange, "sizeBytes" | "extents"> {
  const { sizeBytes, extents, data } = toSparse(content.length, (at, length) => [content.subarray(at, at + length)]);
  contents.push(...data);
  return { sizeBytes, extents };
}

function byteString(text: string, bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? Buffer.from(text, "utf8")).toString("latin1");
}
