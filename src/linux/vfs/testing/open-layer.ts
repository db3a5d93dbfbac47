import { closeSync, fstatSync, openSync } from "node:fs";
import type { ByteString } from "../../../base/byte-string.ts";
import type { Layer } from "../../../base/layer/index.ts";
import type { RunLayer } from "../layer/layer-source.ts";

/** A layer as a run gets it. */
export function openForTest(
  { segments, root }: Layer,
  realPaths: ReadonlyMap<string, ByteString> = new Map(),
): { readonly layer: RunLayer; close(): void } {
  const files = segments.map((segment) =>
    openSync(typeof segment === "string" ? segment : `/proc/self/fd/${segment}`, "r"),
  );
  return {
    layer: { segments: files.map((fd) => ({ fd, sizeBytes: fstatSync(fd).size })), root, realPaths },
    close: () => {
      for (const file of files) closeSync(file);
    },
  };
}
