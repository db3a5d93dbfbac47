import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ArgumentOrigin } from "../../src/loop/index.ts";
import { openTestLoop, received, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";

/** What one call writes into a file and another reads, names or sends: in the micro-VM, over a workspace. */
suite("from a file that another call wrote", { skip: kvmMissing() }, () => {
  const IBAN = "DE89 3704 0044 0532 0130 00";

  async function python({ loop }: TestLoop, code: string, id = "main"): Promise<string> {
    const result = await talk(loop, "writer", id).call({ tool: "python", input: { code } });
    assert.equal(result.status, "ok", result.forModel.text);
    return result.runId;
  }

  function ofKind(
    origins: readonly ArgumentOrigin[] | undefined,
    kind: ArgumentOrigin["kind"],
  ): (readonly [string, string | undefined])[] {
    return (origins ?? []).filter((one) => one.kind === kind).map(({ excerpt, source }) => [excerpt, source.runId]);
  }

  test("the reader is led to the writer, whatever happened in between", async () => {
    await using world = await openTestLoop();
    const { records } = world.loop;
    const wrote = await python(world, `open('/project/pay.txt', 'w').write('to ${IBAN}')`);
    await python(world, "open('/project/other.txt', 'w').write('nothing of it')");
    const read = await python(world, "print(open('/project/pay.txt').read())");
    assert.deepEqual(ofKind(await records.origins(read), "read"), [["/project/pay.txt", wrote]]);
    const traces = await records.traces(wrote);
    assert.ok(traces.some(({ runId }) => runId === read));
    const told = await records.timeline("main", "writer");
    assert.ok(told?.edges.some(({ from, to, kind }) => from.runId === wrote && to === read && kind === "read"));
  });

  test("who sends a file by its name is led to who wrote it last", async () => {
    await using world = await openTestLoop();
    const first = await python(world, "open('/project/pay.txt', 'w').write('one')");
    const last = await python(world, "open('/project/pay.txt', 'w').write('two')");
    await python(world, "open('/project/other.txt', 'w').write('nothing of it')");
    const mail = await talk(world.loop, "writer").permit({ tool: "mail", input: { attach: "/project/pay.txt" } });
    assert.deepEqual(ofKind(await world.loop.records.origins(mail.runId), "file"), [["/project/pay.txt", last]]);
    assert.notEqual(first, last);
  });

  test("among more files than an entry lists", async () => {
    await using world = await openTestLoop();
    const wrote = await python(world, "for i in range(150): open(f'/project/f{i:03}', 'w').write(f'part {i}')");
    const read = await python(world, "for i in range(150): open(f'/project/f{i:03}').read()");
    const found = ofKind(await world.loop.records.origins(read), "read");
    assert.ok(found.length >= 50 && found.every(([, from]) => from === wrote), `${found.length}`);
  });

  test("a file that was there before any call is nobody's", async () => {
    await using world = await openTestLoop();
    await python(world, "open('/project/mine.txt', 'w').write('mine')");
    const read = await python(
      world,
      "import os; print(open('/etc/hostname').read() if os.path.exists('/etc/hostname') else '')",
    );
    assert.deepEqual(ofKind(await world.loop.records.origins(read), "read"), []);
    await received(talk(world.loop, "writer"), "mail", "done");
  });
});
