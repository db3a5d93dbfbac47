import { z } from "zod";
import { ANCHOR_EVERY_MS_MAX, ANCHORS_MAX } from "../limits.ts";

const path = z
  .string()
  .min(1)
  .refine((value) => !value.includes("\0"), "must not contain a NUL character");

const anchor = z.union([
  z.strictObject({
    file: path.describe("A file to which lines are added. A relative path begins at this file's directory."),
  }),
  z.strictObject({
    gitNotes: path.describe(
      "A git repository: lines go to the notes of its current commit, under refs/notes/ztl-ledger, which can be pushed.",
    ),
  }),
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .describe("An address that takes each line as a POST of text, and gives the lines it took at a GET."),
  }),
]);

export const ledgerSchema = z
  .strictObject({
    anchors: z
      .array(anchor)
      .max(ANCHORS_MAX)
      .default([])
      .describe(
        "Where the ledger's signed head is kept by itself, out of reach of whoever can write to the state: only that shows a ledger that was put back to an earlier copy as a whole.",
      ),
    anchorEveryMs: z
      .number()
      .int()
      .min(1)
      .max(ANCHOR_EVERY_MS_MAX)
      .optional()
      .describe("How long after an entry the head is kept, in milliseconds; at the end it always is. Default: 10000."),
  })
  .describe("How the record is kept.");
