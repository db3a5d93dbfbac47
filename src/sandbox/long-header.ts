import { randomUUID } from "node:crypto";
import { Pace } from "../base/pace.ts";
import { malformed, parseHeader } from "./frames.ts";
import { type JsonLimits, JsonSize } from "./json-size.ts";

/** Bytes looked through, or parsed, before other work may come in between: about a millisecond. */
const BYTES_AT_ONCE = 64 * 1024;

/** A list that is a member of the header: from its bracket to behind its last one, and where it may be cut. */
interface List {
  readonly start: number;
  end: number;
  /** Positions of commas between items, at least so many bytes apart. */
  readonly cuts: number[];
}

/**
 * What `checkJsonSize` and `parseHeader` make of a JSON part, in slices: the reads and changes of a run that touched very many files are
 * megabytes. Throws ZtlError `frame-malformed` where those do.
 */
export async function parseLongHeader(
  json: Uint8Array,
  limits: JsonLimits,
  bytesAtOnce = BYTES_AT_ONCE,
): Promise<Record<string, unknown>> {
  const pace = new Pace();
  const lists = await longListsIn(json, limits, bytesAtOnce, pace);
  // In the place of each list a text that nobody can have written there.
  const mark = randomUUID();
  const around: Uint8Array[] = [];
  let at = 0;
  for (const [number, { start, end }] of lists.entries()) {
    around.push(json.subarray(at, start), Buffer.from(JSON.stringify(`${mark}${number}`)));
    at = end;
  }
  const header = parseHeader(Buffer.concat([...around, json.subarray(at)]));
  for (const [name, value] of Object.entries(header)) {
    if (typeof value !== "string" || !value.startsWith(mark)) continue;
    header[name] = await itemsOf(json, lists[Number(value.slice(mark.length))] as List, pace);
  }
  return header;
}

/** Lists that are shorter than what is looked at once are parsed with what is around them. */
async function longListsIn(
  json: Uint8Array,
  limits: JsonLimits,
  bytesAtOnce: number,
  pace: Pace,
): Promise<readonly List[]> {
  const lists: List[] = [];
  const size = new JsonSize(json, limits);
  let list: List | undefined;
  let cut = 0;
  for (let until = bytesAtOnce; !size.isDone; until += bytesAtOnce) {
    size.scan(until, (what, place) => {
      if (what === "list") {
        list = { start: place, end: json.length, cuts: [] };
        cut = place;
      } else if (list !== undefined && what === "comma") {
        if (place - cut < bytesAtOnce) return;
        list.cuts.push(place);
        cut = place;
      } else if (list !== undefined) {
        list.end = place + 1;
        if (list.end - list.start >= bytesAtOnce) lists.push(list);
        list = undefined;
      }
    });
    if (pace.isOver) await pace.rest();
  }
  return lists;
}

async function itemsOf(json: Uint8Array, { start, end, cuts }: List, pace: Pace): Promise<unknown[]> {
  const items: unknown[] = [];
  let from = start + 1;
  for (const to of [...cuts, end - 1]) {
    const { some } = parseHeader(Buffer.concat([HEAD, json.subarray(from, to), TAIL])) as { some: unknown[] };
    // Between two commas there is something.
    if (some.length === 0 && cuts.length > 0) malformed("the JSON part does not parse");
    for (const item of some) items.push(item);
    from = to + 1;
    if (pace.isOver) await pace.rest();
  }
  return items;
}

const HEAD = Buffer.from('{"some":[');
const TAIL = Buffer.from("]}");
