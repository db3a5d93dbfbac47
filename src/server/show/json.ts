import type { Context } from "hono";
import { jsonPieces } from "../../base/json-slices.ts";
import type { RefusalStatus } from "../refusal.ts";
import type { ServerEnv } from "../server-env.ts";

/** Items of a list from which on an answer is written in slices: below it, that would take longer than to write it at once. */
const LONG_LIST_ITEMS = 200;

/** An answer in JSON, which may have a list as long as a change set. */
export function json(c: Context<ServerEnv>, value: object, status: RefusalStatus | 200 = 200): Response {
  if (!hasLongList(value)) return c.json(value, status);
  c.header("content-type", "application/json");
  return c.body(ReadableStream.from(encoded(value)), status);
}

/** In itself, or in one of its members, as the error of a refusal is. */
function hasLongList(value: object, depth = 1): boolean {
  return Object.values(value).some((member) => {
    if (Array.isArray(member)) return member.length > LONG_LIST_ITEMS;
    return depth > 0 && typeof member === "object" && member !== null && hasLongList(member, depth - 1);
  });
}

async function* encoded(value: object): AsyncGenerator<Uint8Array> {
  for await (const piece of jsonPieces(value)) yield Buffer.from(piece, "utf8");
}
