import { z } from "zod";
import { content, count, json, name, text, time } from "./fields.ts";

const connection = z.strictObject({
  host: name,
  port: count,
  /** What the name led to when it was looked up. */
  addresses: z.array(name),
  /** The one that was connected to. */
  address: name.optional(),
  outcome: z.enum(["refused", "failed", "closed", "reset", "severed"]),
  reason: text.optional(),
  bytesOut: count,
  bytesIn: count,
  startedAt: time,
  durationMs: count,
});

/** The connections of a run that had a way out, those that were refused included, as the host process saw them. */
export const egress = z.strictObject({
  count,
  connections: z.array(connection).optional(),
  /** The same list as JSON, when it is too large to be part of the entry. */
  list: content.optional(),
  /** Of all of them. */
  bytesOut: count,
  bytesIn: count,
  /** Why all of them were cut, if they were. */
  severed: text.optional(),
  details: json.optional(),
});
