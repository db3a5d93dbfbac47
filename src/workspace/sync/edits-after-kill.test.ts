import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Workspace } from "../index.ts";
import { runKilled } from "../testing/killed.ts";
import { describeTree } from "../testing/tree.ts";
import { approveAll, proposalOf, temporaryDirectory } from "../testing/world.ts";

/** Instants at which a process is killed; ZTL_INSTANTS=200 for a long run. */
const INSTANTS = Number(process.env.ZTL_INSTANTS ?? 40);

const TASKS = ["sync", "undo", "redo"] as const;

function makeOld(d: string): void {
  for (const name of ["mod1", "mod2", "mod3", "del1", "del2", "mode", "to-link", "to-dir"])
    fs.writeFileSync(join(d, name), `old ${name}`);
  fs.mkdirSync(join(d, "gone"));
  fs.writeFileSync(join(d, "gone", "inner"), "old inner");
  fs.mkdirSync(join(d, "stays"));
  fs.writeFileSync(join(d, "stays", "deep"), "old deep");
  fs.symlinkSync("mod1", join(d, "link"));
}

function makeNew(d: string): void {
  for (const name of ["mod1", "mod2", "mod3", "add1", "add2"]) fs.writeFileSync(join(d, name), `new ${name}`);
  for (const name of ["del1", "del2", "to-link", "to-dir", "link"]) fs.rmSync(join(d, name));
  fs.chmodSync(join(d, "mode"), 0o600);
  fs.symlinkSync("mod2", join(d, "to-link"));
  fs.symlinkSync("mod3", join(d, "link"));
  fs.mkdirSync(join(d, "to-dir"));
  fs.writeFileSync(join(d, "to-dir", "inner"), "new inner");
  fs.rmSync(join(d, "gone"), { recursive: true });
  fs.mkdirSync(join(d, "made"));
  fs.writeFileSync(join(d, "made", "inner"), "new inner");
  fs.writeFileSync(join(d, "stays", "deep"), "new deep");
}

const PLACES = [
  ...["mod1", "mod2", "mod3", "del1", "del2", "add1", "add2", "mode", "to-link", "to-dir", "to-dir/inner", "link"],
  ...["gone/inner", "gone/more", "made/inner", "made/more", "stays/deep"],
];

/** What an editor, or a person, does to a name; false where it cannot be done to what stands there. */
const EDITS: Readonly<Record<string, (path: string, mark: string) => boolean>> = {
  "writes into": (path, mark) => isFile(path) && done(() => fs.writeFileSync(path, mark)),
  "writes as much, and sets the time back": (path, mark) => {
    if (!isFile(path)) return false;
    const { size, atime, mtime } = fs.lstatSync(path);
    fs.writeFileSync(path, mark.padEnd(size).slice(0, size));
    fs.utimesSync(path, atime, mtime);
    return true;
  },
  replaces: (path, mark) => {
    if (exists(path) && !isFile(path) && !fs.lstatSync(path).isSymbolicLink()) return false;
    fs.writeFileSync(`${path}.tmp`, mark);
    return done(() => fs.renameSync(`${path}.tmp`, path));
  },
  "makes anew": (path, mark) => {
    if (exists(path) && !isFile(path)) return false;
    fs.rmSync(path, { force: true });
    return done(() => fs.writeFileSync(path, mark));
  },
};

const exists = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const isFile = (path: string): boolean => fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
const done = (work: () => void): boolean => {
  work();
  return true;
};

/** Does something to about half of the places; returns what must be found there ever after. */
function edit(host: string, seed: number): Map<string, string> {
  const made = new Map<string, string>();
  for (const [index, place] of PLACES.entries()) {
    const path = join(host, place);
    if ((index + seed) % 2 === 0 || fs.lstatSync(join(path, ".."), { throwIfNoEntry: false })?.isDirectory() !== true)
      continue;
    const names = Object.keys(EDITS);
    const name = names[(seed + index * 7) % names.length] as string;
    if (EDITS[name]?.(path, `a person ${name} ${place}`) === true) made.set(place, fs.readFileSync(path, "utf8"));
  }
  return made;
}

test(`a person's edits between a kill and the recovery are kept, at ${INSTANTS} instants of sync, undo, redo and recovery`, async (t) => {
  const place = temporaryDirectory(t);
  const [host, state, kept] = [join(place, "host"), join(place, "state"), join(place, "kept")];
  fs.mkdirSync(host);
  makeOld(host);
  const first = await Workspace.open({ directory: state });
  const proposal = proposalOf({ host, guest: join(place, "guest") }, makeNew);
  const { id } = await first.propose(proposal);
  await approveAll(first, id);
  await first.close();
  const trees = { old: describeTree(host), new: describeTree(join(place, "guest")) };
  fs.mkdirSync(kept);
  execFileSync("cp", ["-a", host, state, kept]);
  const reset = (): void => {
    for (const [from, to] of [
      ["host", host],
      ["state", state],
    ] as const) {
      fs.rmSync(to, { recursive: true, force: true });
      execFileSync("cp", ["-a", join(kept, from), to]);
    }
  };
  const calls: Record<string, number> = {};
  for (const task of TASKS) {
    reset();
    calls[task] = (await runKilled({ directory: state, task, changeSetId: id, instant: Infinity })) ?? 0;
  }
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => {
    counts[what] = (counts[what] ?? 0) + by;
  };
  for (let number = 0; number < INSTANTS; number++) {
    reset();
    const task = TASKS[number % TASKS.length] as (typeof TASKS)[number];
    const all = calls[task] ?? 0;
    const instant = Math.floor((all * (number + 0.5)) / INSTANTS);
    assert.equal(await runKilled({ directory: state, task, changeSetId: id, instant }), undefined, "killed");
    const edits = edit(host, number);
    // Every fourth recovery is killed, too, and somebody goes on editing.
    if (number % 4 === 0) {
      const ended = await runKilled({ directory: state, task: "recover", changeSetId: id, instant: (number * 5) % 23 });
      if (ended === undefined) count("recovery killed");
      for (const [name, content] of edits) assertKept(host, name, content, `${task} ${instant}, in recovery`);
      for (const [name, content] of edit(host, number + 1)) edits.set(name, content);
    }
    const workspace = await Workspace.open({ directory: state });
    const known = workspace.find(id)?.state ?? "";
    assert.ok(["approved", "applied", "undone"].includes(known), known);
    for (const [name, content] of edits) assertKept(host, name, content, `${task} ${instant}`);
    count("edits", edits.size);
    count(`${task}: ${known}`);
    for (const { leftAlone, keptBeside, outcome } of workspace.recovered) {
      count(outcome);
      count("left alone", leftAlone.length);
      count("kept beside", keptBeside.length);
      for (const { path, keptAs } of keptBeside) {
        const expected = known === "applied" && task === "undo" ? "new" : "old";
        if (isFile(keptAs)) assert.match(fs.readFileSync(keptAs, "utf8"), new RegExp(`^(${expected}|a person)`), path);
      }
    }
    // Whatever nobody touched is what it was, or what it was to become.
    const expected = trees[known === "applied" ? "new" : "old"];
    const touched = [...edits.keys()].flatMap((name) => [name, name.split("/")[0] as string]);
    for (const line of expected) {
      const name = (JSON.parse(line.slice(0, line.indexOf('"', 1) + 1)) as string).slice(1);
      const isTouched = touched.some((one) => name === one || name.startsWith(`${one}/`));
      if (!isTouched) assert.ok(describeTree(host).includes(line), `${task} ${instant}: ${line}`);
    }
    assert.deepEqual(
      fs.readdirSync(host).filter((name) => name.startsWith(".ztl-sync")),
      [],
    );
    await workspace.close();
  }
  t.diagnostic(JSON.stringify(counts));
  assert.ok((counts["left alone"] ?? 0) > 0 && (counts["kept beside"] ?? 0) > 0, JSON.stringify(counts));
});

function assertKept(host: string, name: string, content: string, when: string): void {
  const path = join(host, name);
  assert.ok(isFile(path), `${when}: ${name} is gone`);
  assert.equal(fs.readFileSync(path, "utf8"), content, `${when}: ${name}`);
}
