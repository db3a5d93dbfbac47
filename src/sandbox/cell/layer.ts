import { closeSync } from "node:fs";
import type { RunLayer } from "../../linux/vfs/index.ts";
import { receiveDescriptors } from "../../vmm/index.ts";
import { LAYERS_FD, type WireLayer } from "./protocol.ts";

/** The layer of a request, whose files came before it. */
export function receiveLayer({ segmentBytes, root, realPaths }: WireLayer, requestId: number): RunLayer {
  const files = receiveDescriptors(LAYERS_FD, requestId, segmentBytes.length);
  const segments = segmentBytes.map((sizeBytes, index) => ({ fd: files[index] as number, sizeBytes }));
  return { segments, root, realPaths: new Map(realPaths) };
}

export function closeLayer({ segments }: RunLayer): void {
  for (const { fd } of segments) closeSync(fd);
}
