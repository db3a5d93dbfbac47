import { readSync } from "node:fs";
import { type ByteString, toByteString } from "../../../base/byte-string.ts";
import { checkTablePlace, type Extent, SEGMENT_BYTES_MAX, Table } from "../../../base/layer/index.ts";
import { ZtlError } from "../../../errors.ts";
import { unlimitedAllowance } from "../../allowance.ts";
import { fromHost } from "../host-errors.ts";

/** A layer as a run has it: open files, which never change. */
export interface RunLayer {
  readonly segments: readonly { readonly fd: number; readonly sizeBytes: number }[];
  /** The table of "/". */
  readonly root: Extent;
  /** Where mounts really are on the host, by the host path in their specification where that is another. */
  readonly realPaths: ReadonlyMap<string, ByteString>;
}

/** Reads a layer's tables and contents, a piece at a time, as the run comes across them. */
export class LayerSource {
  readonly #layer: RunLayer;
  readonly #segmentBytes: readonly number[];
  readonly #allowance;
  readonly #tables = new Map<number, Table>();

  constructor(layer: RunLayer, allowance = unlimitedAllowance()) {
    this.#layer = layer;
    this.#segmentBytes = layer.segments.map(({ sizeBytes }) => sizeBytes);
    this.#allowance = allowance;
  }

  get rootPlace(): Extent {
    return this.#layer.root;
  }

  /** What the run holds of the table until it ends is its memory. */
  table(place: Extent): Table {
    const key = place.segment * SEGMENT_BYTES_MAX + place.offset;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    checkTablePlace(place, this.#segmentBytes);
    this.#allowance.charge(place.sizeBytes);
    const bytes = new Uint8Array(place.sizeBytes);
    for (let at = 0; at < bytes.length; ) {
      const read = this.read(place, bytes.subarray(at), at);
      if (read === 0) throw new ZtlError("layer-invalid", "A layer of earlier changes has become shorter");
      at += read;
    }
    const table = new Table(bytes, place, this.#segmentBytes);
    this.#tables.set(key, table);
    return table;
  }

  /** Reads of the piece from `position` on; returns how many bytes, 0 at its end. */
  read({ segment, offset, sizeBytes }: Extent, into: Uint8Array, position: number): number {
    const length = Math.min(into.length, sizeBytes - position);
    const fd = this.#layer.segments[segment]?.fd;
    if (length <= 0 || fd === undefined) return 0;
    return fromHost(() => readSync(fd, into, 0, length, offset + position));
  }

  /** The real path of a mount's host path. */
  realPathOf(host: string): ByteString {
    return this.#layer.realPaths.get(host) ?? toByteString(host);
  }
}
