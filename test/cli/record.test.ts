import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, suite, test } from "node:test";
import { talk } from "../../src/loop/testing.ts";
import { answers, calls, WireServer } from "../../src/model/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { CliWorld } from "./world.ts";

suite("the record on the command line", { skip: kvmMissing() }, () => {
  let world: CliWorld;
  let runId = "";
  before(async () => {
    world = new CliWorld();
    writeFileSync(
      join(world.directory, "inbox", "page.txt"),
      "the Grimsby ferry leaves quay 48213 at midnight with eleven crates of marzipan",
    );
    await world.withLoop(async (loop) => {
      const result = await talk(loop, "reader").call({ tool: "read", input: { file: "page.txt" } });
      runId = result.runId;
      await talk(loop, "reader").said({
        text: "I have read that the Grimsby ferry leaves quay 48213 at midnight with eleven crates.",
      });
      await talk(loop, "reader").call({ tool: "shell", input: { code: "id" } });
    });
  });
  after(() => world[Symbol.dispose]());

  test("runs are listed, and one is told step by step with what of it turned up again", () => {
    const listed = world.ztl("runs").stdout;
    assert.match(listed, /reader \/ shell: refuse, guard none/);
    assert.match(listed, new RegExp(`${runId.slice(0, 8)} .*reader / read: ok, guard admit`));
    const shown = world.ztl("show", runId.slice(0, 8)).stdout;
    assert.match(shown, /policy: run/);
    assert.match(shown, /turned up again in\n[\s\S]*wording: .*Grimsby ferry/);
    assert.equal(world.ztl("show", "ffff").status, 5);
    assert.equal(world.ztl("replay", "ffff").status, 5);
  });

  test("runs are filtered, paged and searched, in words and as JSON", () => {
    const json = (...args: string[]): { rows: { runId: string; tool: string }[]; next?: number } =>
      JSON.parse(world.ztl("runs", "--json", ...args).stdout) as ReturnType<typeof json>;
    const first = json("--limit", "1");
    assert.deepEqual(
      [first.rows.map(({ tool }) => tool), json("--before", String(first.next)).rows[0]?.runId],
      [["shell"], runId],
    );
    assert.match(world.ztl("runs", "--limit", "1").stdout, new RegExp(`^Older ones: --before ${first.next}$`, "m"));
    assert.deepEqual(
      json("--tool", "read", "--status", "ok", "--since", "1h", "--search", "PAGE.txt").rows[0]?.runId,
      runId,
    );
    for (const args of [["--agent", "nobody"], ["--finding"], ["--until", "2020-01-01"], ["--verdict", "block"]])
      assert.deepEqual(json(...args).rows, [], args.join(" "));
    assert.equal(world.ztl("runs", "--tool", "none").stdout, "No recorded call matches.\n");
    for (const args of [["--status", "okay"], ["--since", "yesterday"], ["--limit", "0"], ["--before", "x"], ["extra"]])
      assert.equal(world.ztl("runs", ...args).status, 125, args.join(" "));
  });

  test("a conversation is told as a whole, with what led from one call to the next", () => {
    const { status, stdout } = world.ztl("timeline", "ma");
    assert.equal(status, 0);
    assert.match(stdout, /^main, of reader: 2 calls\n/);
    assert.match(stdout, new RegExp(`^[\\d:]+ {3}${runId.slice(0, 8)} read `, "m"));
    assert.match(stdout, /^[\d:]+ < {3}came in: given to the agent$/m);
    assert.equal((JSON.parse(world.ztl("timeline", "main", "--json").stdout) as { calls: unknown[] }).calls.length, 2);
    assert.equal(world.ztl("timeline", "none").status, 5);
  });

  test("a probe model tells how its next action moves with what the run added", async (context) => {
    const server = await WireServer.start();
    context.after(() => server.stop());
    server.reply = (response, request) => {
      const hasRead = JSON.stringify(request.body).includes("Grimsby ferry");
      answers(hasRead ? calls(["fetch", "{}"]) : { content: "Done." })(response, request);
    };
    assert.equal(world.ztl("show", runId, "--probe").status, 125, "no probe model is configured yet");
    world.configure({ probe: { url: server.url, model: "any" } });
    const [status, text] = await world.ztlBeside("show", runId, "--probe");
    assert.equal(status, 0, text);
    assert.match(text, /acts otherwise in 100 % of its samples/);
    world.configure({});
  });

  test("a replay is the same, until an input changes", () => {
    assert.equal(world.ztl("replay", runId).status, 0);
    writeFileSync(join(world.directory, "inbox", "page.txt"), "another page");
    const differs = world.ztl("replay", runId);
    assert.equal(differs.status, 1);
    assert.match(differs.stdout, /page\.txt/);
  });

  test("the ledger verifies, also from elsewhere and against a head that was kept; proofs hold without it", () => {
    const head = world.ztl("ledger", "head").stdout.trim();
    const whole = world.ztl("ledger", "verify", "--anchor", head);
    assert.equal(whole.status, 0, whole.stdout);
    const key = /Signed by (ed25519:\S+)/.exec(whole.stdout)?.[1] ?? "";
    const ledger = join(world.directory, "state", "ledger");
    assert.equal(world.ztl("ledger", "verify", "--ledger", ledger, "--key", key).status, 0);
    assert.equal(world.ztl("ledger", "verify", "--ledger", ledger).status, 125);
    const proof = join(world.directory, "proof.json");
    assert.equal(world.ztl("ledger", "prove", "0", "--out", proof).status, 0);
    assert.equal(world.ztl("ledger", "check-proof", proof, "--key", key).status, 0);
    writeFileSync(proof, readFileSync(proof, "utf8").replace('"reader"', '"writer"'));
    assert.equal(world.ztl("ledger", "check-proof", proof).status, 1);
    assert.equal(world.ztl("ledger", "show", "0").status, 0);
    assert.equal(world.ztl("ledger", "show", "99999").status, 5);
    assert.match(world.ztl("ledger", "tail", "-n", "1").stdout, /^ +\d+ .*\n$/);
  });

  test("a damaged ledger is named as such, where", () => {
    const file = join(world.directory, "state", "ledger", "ledger.sqlite");
    copyFileSync(file, `${file}.kept`);
    const database = new DatabaseSync(file);
    const trigger = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'").get()?.sql;
    database.exec("DROP TRIGGER entry_no_update");
    database.exec(
      "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), 'reader', 'writer') AS BLOB) WHERE place = 1",
    );
    database.exec(String(trigger));
    database.close();
    const { status, stdout } = world.ztl("ledger", "verify");
    assert.equal(status, 1);
    assert.match(stdout, /^DAMAGED at entry 1: /);
    copyFileSync(`${file}.kept`, file);
  });

  test("the page is served until it is told to stop", async () => {
    const server = world.start("serve", "--json");
    const [line] = (await once(server.stdout, "data")) as [Buffer];
    const { port, token } = JSON.parse(line.toString("utf8")) as { port: number; token: string };
    const answer = await fetch(`http://127.0.0.1:${port}/api/reviews`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/api/reviews`)).status, 401);
    server.kill("SIGINT");
    const [status] = (await once(server, "exit")) as [number];
    assert.equal(status, 0);
  });

  test("every command explains itself", () => {
    for (const command of [
      "review",
      "approve",
      "reject",
      "undo",
      "serve",
      "ledger",
      "runs",
      "show",
      "timeline",
      "replay",
      "policy",
      "demo",
    ]) {
      const { status, stdout } = world.ztl(command, "--help");
      assert.deepEqual([command, status], [command, 0]);
      assert.match(stdout, /ztl /);
    }
    const wrong = world.ztl("revieuw");
    assert.equal(wrong.status, 125);
    assert.match(wrong.stderr, /did you mean "review"\?/);
  });
});
