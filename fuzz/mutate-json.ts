import type { Random } from "./fuzzer.ts";

/** Values that stand where others belong: of each type, at the edges of what a check may forget. */
const ODD_VALUES: readonly unknown[] = [
  ...[0, 1, -1, 0.5, -0, 255, 256, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53, 1e308, -1e308],
  ...["", "0", "/", "/project", "/project/..", "/etc/shadow", "a\0b", "\ud800", "__proto__", "length", "\u001b[2J"],
  ...[null, true, false, [], {}, [[]], [null], { length: 1 }],
];

/** A JSON value with some of its parts changed, removed, doubled or moved; also with what belongs elsewhere in it. */
export function mutateJson(value: unknown, random: Random, times: number): unknown {
  const root = { value: structuredClone(value) };
  for (let count = 0; count < times; count++) {
    const places = placesOf(root);
    const { holder, key } = random.pick(places);
    const list = Array.isArray(holder) ? holder : undefined;
    switch (random.below(6)) {
      case 0:
        if (list) list.splice(Number(key), 1);
        else if (holder !== root) delete holder[key];
        break;
      case 1:
        if (list) list.splice(random.below(list.length + 1), 0, structuredClone(list[Number(key)]));
        else holder[random.pick(["extra", "toString", "constructor", key])] = structuredClone(holder[key]);
        break;
      case 2: {
        const other = random.pick(places);
        holder[key] = structuredClone(other.holder[other.key]);
        break;
      }
      case 3:
        holder[key] = nudged(holder[key], random);
        break;
      default:
        holder[key] = structuredClone(random.pick(ODD_VALUES));
    }
  }
  return root.value;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

/** Nearly the same value: what is off by one is what checks miss. */
function nudged(value: unknown, random: Random): unknown {
  if (typeof value === "number") return value + random.pick([-1, 1, 0.25, 2 ** 32, -value, value]);
  if (typeof value !== "string") return value;
  const at = random.below(value.length + 1);
  const put = random.pick(["", "/", "..", "/../", "/./", "\0", "x", "\u00ff", "\u0100", "\u202e", "n".repeat(300)]);
  return value.slice(0, at) + put + value.slice(at + random.below(3));
}
