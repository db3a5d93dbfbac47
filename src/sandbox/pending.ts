import type { WireChange } from "./cell/protocol.ts";
import type { ChangedFile } from "./result.ts";

/** Pending changes as a cell takes them: paths as byte strings, contents apart. */
export function encodePending(pending: readonly ChangedFile[]): { changes: WireChange[]; contents: Uint8Array[] } {
  const contents: Uint8Array[] = [];
  const changes = pending.map((change): WireChange => {
    const { content, path, pathBytes, renamedFrom, linkOf, symlinkTarget, ...facts } = change;
    const { renamedFromBytes, linkOfBytes, symlinkTargetBytes, ...rest } = facts;
    if (content !== undefined) contents.push(content);
    return {
      ...rest,
      path: byteString(path, pathBytes),
      ...(renamedFrom === undefined ? {} : { renamedFrom: byteString(renamedFrom, renamedFromBytes) }),
      ...(linkOf === undefined ? {} : { linkOf: byteString(linkOf, linkOfBytes) }),
      ...(symlinkTarget === undefined ? {} : { symlinkTarget: byteString(symlinkTarget, symlinkTargetBytes) }),
      ...(content === undefined ? {} : { contentBytes: content.length }),
    };
  });
  return { changes, contents };
}

function byteString(text: string, bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? Buffer.from(text, "utf8")).toString("latin1");
}
