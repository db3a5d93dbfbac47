import assert from "node:assert/strict";
import { globSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { showReview } from "../../cli/review-text.ts";
import type { Entry } from "../../ledger/index.ts";
import { openTestLoop, received, type TestLoop, talk } from "../testing.ts";

/** A content that is lost, or is not what was recorded, takes what stood in it, and nothing else. */

/** Too long for its entry: it is a file of its own. */
const page = (text: string): string => `${text} ${"What the town did that year is told elsewhere. ".repeat(400)}`;

/** The file of what an entry gave to the agent. */
function fileOf({ directory, loop }: TestLoop, runId: string): { readonly file: string; readonly entry: Entry } {
  const entry = loop.records.entriesOf(runId).find(({ kind }) => kind === "given");
  const [content] = entry?.kind === "given" ? entry.body.contents : [];
  const [file] = globSync(join(directory, "state", "**", `*${content?.sha256.slice(8)}`));
  assert.ok(entry !== undefined && file !== undefined);
  return { file, entry };
}

test("what is lost or damaged is left out and named, in whatever looks back", async () => {
  await using world = await openTestLoop();
  const { loop } = world;
  const conversation = talk(loop, "writer", "seven");
  const lost = await received(conversation, "mail", page("IBAN DE89 3704 0044 0532 0130 00."));
  const damaged = await received(conversation, "mail", page("Write to collect@north-harbour.example."));
  const whole = await received(conversation, "mail", page("The code is RX-7741-QZ-0937."));
  const input = { to: "DE89370400440532013000", cc: "collect@north-harbour.example", code: "RX-7741-QZ-0937" };
  const asked = await conversation.call({ tool: "deploy", input: { code: JSON.stringify(input) } });
  const [first, second] = [fileOf(world, lost.runId), fileOf(world, damaged.runId)];
  renameSync(first.file, join(world.directory, "lost"));
  const kept = readFileSync(second.file);
  writeFileSync(second.file, Buffer.alloc(kept.length, 0x20), { flag: "r+" });
  const unread = [first.entry.index, second.entry.index];

  const record = await loop.records.run(asked.runId);
  assert.deepEqual(
    record?.origins?.map(({ source }) => source.runId),
    [whole.runId],
  );
  assert.deepEqual(record.unread, unread);
  assert.deepEqual((await loop.records.run(lost.runId))?.unread, unread);
  assert.equal((await loop.records.traces(whole.runId)).length, 1);
  const told = await loop.records.timeline("seven");
  assert.deepEqual([told?.edges.length, told?.unread], [1, unread]);
  const review = asked.status === "waiting" ? await loop.reviews.get(asked.reviewId) : undefined;
  assert.ok(review?.kind === "call");
  assert.deepEqual([review.origins?.length, review.unread], [1, unread]);
  const lines = showReview(review, (_, line) => line);
  assert.ok(
    lines.includes(`(what is recorded at ${unread.join(", ")} cannot be read any more and is left out;`),
    lines,
  );
  assert.ok(((await loop.records.exportCase({ conversation: "seven" }))?.omitted ?? 0) >= 2);

  // Put back, it is there again for whoever opens the state next.
  renameSync(join(world.directory, "lost"), first.file);
  writeFileSync(second.file, kept, { flag: "r+" });
  const again = await (await world.again()).records.run(asked.runId);
  assert.deepEqual([again?.origins?.length, again?.unread], [3, []]);
});
