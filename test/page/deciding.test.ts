import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { chromiumMissing, startChromium } from "./browser.ts";
import { openStage } from "./stage.ts";

/** Decisions as people make them: a real browser, real micro-VMs, real files. */

const skip = chromiumMissing() || kvmMissing();
let browser: Browser;
before(async () => {
  if (skip === false) browser = await startChromium();
});
after(() => browser?.close());

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
const box = (page: Page, name: string | RegExp) => page.getByRole("checkbox", { name, exact: true });

test("something waits and appears by itself; one file of two is approved, written, and undone", { skip }, async () => {
  await using stage = await openStage(browser);
  const { page } = await stage.enter();
  assert.ok(!page.url().includes("token"));
  await page.getByText("Nothing waits for you.").waitFor();
  await page.getByText("live", { exact: true }).waitFor();

  writeFileSync(join(stage.test.project, "old.txt"), "one\ntwo\n");
  await stage.write("open('/project/old.txt','a').write('three\\n')\nopen('/project/new.txt','w').write('new\\n')");
  await page.getByRole("link", { name: "2 files changed" }).click();
  await page.getByRole("heading", { level: 1, name: "2 files changed" }).waitFor();
  assert.match((await page.getByLabel("Command").textContent()) ?? "", /open\('\/project\/old\.txt','a'\)/);
  assert.equal(await page.locator("#file-1 .add .code").textContent(), "three");

  assert.ok(await button(page, "Approve chosen files").isDisabled());
  await box(page, "/project/old.txt").check();
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("Message to the agent").fill("The second file is not needed.");
  await button(page, "Approve 1 chosen file").click();
  await page.locator("#state", { hasText: "Ada approved this, and the files are written." }).waitFor();
  assert.equal(stage.file("old.txt"), "one\ntwo\nthree\n");
  assert.ok(!existsSync(join(stage.test.project, "new.txt")));

  await button(page, "Undo: put the files back").click();
  await page.locator("#state", { hasText: "the files are again as they were before" }).waitFor();
  assert.equal(stage.file("old.txt"), "one\ntwo\n");
  await box(page, "/project/old.txt").check();
  await button(page, "Redo 1 chosen file").click();
  await page.locator("#state", { hasText: "the files are written" }).waitFor();
  assert.equal(stage.file("old.txt"), "one\ntwo\nthree\n");
  const approvals = stage.test.loop.ledger.query({ kind: "approval" });
  assert.deepEqual(
    approvals.map(({ body }) => "reviewer" in body && [body.reviewer, "files" in body && body.files]),
    [["Ada", ["/project/old.txt"]]],
  );
});

test("without scripts everything can be decided as well", { skip }, async () => {
  await using stage = await openStage(browser);
  const { page } = await stage.enter({ javaScript: false, expected: [422] });
  mkdirSync(join(stage.test.project, ".git/hooks"), { recursive: true });
  await stage.write(
    "open('/project/.git/hooks/pre-commit','w').write('#!/bin/sh\\n')\nopen('/project/a','w').write('a')",
  );
  await page.reload();
  await page.getByRole("link", { name: "2 files changed" }).click();
  await page.getByLabel("Message to the agent").fill("fine");
  await button(page, "Approve everything").click();
  await page.getByRole("heading", { name: "Some of these need a yes of their own" }).waitFor();
  assert.equal(await page.getByLabel("Message to the agent").inputValue(), "fine");
  assert.ok(!existsSync(join(stage.test.project, "a")));
  await page.getByLabel(/^I agree to change/).check();
  await button(page, "Approve everything").click();
  await page.locator("#state", { hasText: "the files are written" }).waitFor();
  assert.ok(existsSync(join(stage.test.project, ".git/hooks/pre-commit")));
});

test("of two people who decide at once one wins, and the other is told who", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write("open('/project/a','w').write('a')");
  const people = await Promise.all([
    stage.enter({ expected: [409] }),
    stage.enter({ javaScript: false, expected: [409] }),
  ]);
  for (const [index, { page }] of people.entries()) {
    await page.getByRole("link", { name: "1 file changed" }).click();
    await page.getByLabel("Your name").fill(index === 0 ? "Ada" : "Bob");
  }
  await Promise.all([
    button(people[0]?.page as Page, "Approve everything").click(),
    button(people[1]?.page as Page, "Reject").click(),
  ]);
  const pages = people.map(({ page }) => page);
  await Promise.all(pages.map((page) => page.locator("#state").waitFor()));
  const review = (await stage.test.loop.reviews.list({ state: "all" }))[0];
  assert.ok(review?.state === "applied" || review?.state === "rejected");
  assert.equal(existsSync(join(stage.test.project, "a")), review.state === "applied");
  const winner = review.state === "applied" ? "Ada" : "Bob";
  assert.equal(review.decidedBy, winner);
  const loser = pages[review.state === "applied" ? 1 : 0] as Page;
  await loser
    .getByText(new RegExp(`^${winner} (was faster|approved this|rejected this)`))
    .first()
    .waitFor();
  assert.equal(stage.test.loop.ledger.query({ kind: "approval" }).length, 1);
});

test("who looks on sees it decided by somebody else, and cannot decide again", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write("open('/project/a','w').write('a')");
  const [ada, bob] = [await stage.enter(), await stage.enter()];
  await ada.page.getByRole("link", { name: "1 file changed" }).click();
  await bob.page.getByRole("link", { name: "1 file changed" }).click();
  await bob.page.getByLabel("Message to the agent").fill("half a sent");
  await ada.page.getByLabel("Your name").fill("Ada");
  await button(ada.page, "Reject").click();
  await bob.page.locator("#state", { hasText: "Ada rejected this." }).waitFor();
  assert.equal(await button(bob.page, "Approve everything").count(), 0);
  assert.match((await bob.page.locator("#announcement").textContent()) ?? "", /Ada rejected this/);
});

test("the agent goes on meanwhile: the old set cannot be approved any more", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write("open('/project/a','w').write('one')");
  const still = await stage.enter({ javaScript: false, expected: [409] });
  const live = await stage.enter();
  for (const { page } of [still, live]) await page.getByRole("link", { name: "1 file changed" }).click();
  await stage.write("open('/project/a','w').write('one two')");
  await live.page.locator(".add .code", { hasText: "one two" }).waitFor();
  await button(still.page, "Approve everything").click();
  await still.page.getByRole("heading", { name: "This is not what you looked at" }).waitFor();
  assert.ok(!existsSync(join(stage.test.project, "a")));
  await still.page.getByRole("link", { name: "Waiting" }).click();
  await still.page.getByRole("link", { name: "1 file changed" }).click();
  await button(still.page, "Approve everything").click();
  await still.page.locator("#state", { hasText: "the files are written" }).waitFor();
  assert.equal(stage.file("a"), "one two");
});

test("a file that changed on the host since is not written over", { skip }, async () => {
  await using stage = await openStage(browser);
  writeFileSync(join(stage.test.project, "a"), "base\n");
  await stage.write("open('/project/a','a').write('agent\\n')");
  const { page } = await stage.enter({ expected: [409] });
  await page.getByRole("link", { name: "1 file changed" }).click();
  writeFileSync(join(stage.test.project, "a"), "mine\n");
  await button(page, "Approve everything").click();
  await page.getByRole("heading", { name: "Nothing was written: files changed meanwhile" }).waitFor();
  await page.getByText("/project/a").first().waitFor();
  assert.equal(stage.file("a"), "mine\n");
});

test("hostile names are text, and the file that was chosen is the one that is written", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write(`
import os
names = [b'<img src=x onerror=alert(1)>.txt', b'"quoted" onclick=alert(1) \\'', b'new\\nline', b'invoice\\xe2\\x80\\xaegnp.exe',
         b'not-utf8-\\xff\\xfe', b'javascript:alert(1)', b'&lt;escaped&gt;', b'x' * 255, b'\\x1b]0;title\\x07', b' ']
for name in names:
    with open(b'/project/' + name, 'wb') as f: f.write(name)
os.symlink('/etc/<b>passwd', '/project/link')
`);
  const { page } = await stage.enter();
  await page.getByRole("link", { name: "11 files changed" }).click();
  const names = await page.locator(".file-name").allTextContents();
  assert.ok(names.includes("/project/<img src=x onerror=alert(1)>.txt"));
  assert.ok(names.includes("/project/new⟦U+000A⟧line"));
  assert.ok(names.includes("/project/invoice⟦U+202E⟧gnp.exe"));
  assert.ok(names.includes("/project/⟦U+001B⟧]0;title⟦U+0007⟧"));
  assert.equal(await page.locator("img").count(), 1);
  await page.getByText("/etc/<b>passwd").first().waitFor();
  const chosen = ["/project/new⟦U+000A⟧line", "/project/not-utf8"];
  for (const name of chosen) await page.locator(".file", { hasText: name }).locator(".choose").check();
  await button(page, "Approve 2 chosen files").click();
  await page.locator("#state", { hasText: "the files are written" }).waitFor();
  assert.equal(stage.file("new\nline"), "new\nline");
  assert.ok(existsSync(Buffer.concat([Buffer.from(`${stage.test.project}/not-utf8-`), Buffer.from([0xff, 0xfe])])));
  assert.ok(!existsSync(join(stage.test.project, "javascript:alert(1)")));
  assert.throws(() => readlinkSync(join(stage.test.project, "link")));
});

test("10,000 lines: a page of them at once, and the last one is reached", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write("open('/project/big','w').write(''.join(f'line {i}\\n' for i in range(10000)))");
  const { page } = await stage.enter();
  await page.getByRole("link", { name: "1 file changed" }).click();
  assert.match((await page.locator(".counts").textContent()) ?? "", /\+10000 −0/);
  await page.getByRole("link", { name: /^Show all of this file/ }).click();
  await page.getByText("line 499", { exact: true }).waitFor();
  assert.equal(await page.locator("tr.add").count(), 500);
  await page.getByRole("link", { name: /^Show more/ }).click();
  await page.getByText("line 500", { exact: true }).waitFor();
  await page.goto(page.url().replace(/from=\d+/, "from=9500"));
  await page.getByText("line 9999", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Back to the decision" }).click();
  await button(page, "Approve everything").waitFor();
});

test("with the keyboard alone", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write("for name in 'abc': open('/project/' + name,'w').write(name)");
  const { page } = await stage.enter();
  await page.getByRole("link", { name: "3 files changed" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("o");
  await page.getByRole("heading", { level: 1, name: "3 files changed" }).waitFor();
  for (const key of ["j", "j", "x", "j", "x"]) await page.keyboard.press(key);
  await page.keyboard.press("/");
  await page.keyboard.type("xj typed");
  assert.equal(await page.getByLabel("Message to the agent").inputValue(), "xj typed");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#state", { hasText: "the files are written" }).waitFor();
  assert.deepEqual(
    ["a", "b", "c"].map((name) => existsSync(join(stage.test.project, name))),
    [false, true, true],
  );
});

test("the Enter key in a field decides nothing", { skip }, async () => {
  await using stage = await openStage(browser);
  await stage.write("open('/project/a','w').write('a')");
  await talk(stage.test.loop, "writer").call({ tool: "deploy", input: { code: "true" } });
  const { page } = await stage.enter();
  for (const name of [/1 file changed/, /wants to call deploy/]) {
    await page.getByRole("link", { name }).click();
    for (const choose of await page.locator(".choose").all()) await choose.check();
    await page.getByLabel("Your name").press("Enter");
    await page.waitForTimeout(300);
    await page.getByRole("button", { name: "Reject" }).waitFor();
    await page.getByLabel("Main").getByRole("link", { name: "Waiting" }).click();
  }
  assert.equal((await stage.test.loop.reviews.list()).length, 2);
});

test("permissions and modes are told before they are given", { skip }, async () => {
  await using stage = await openStage(browser);
  writeFileSync(join(stage.test.project, "tool"), "#!/bin/sh\n");
  chmodSync(join(stage.test.project, "tool"), 0o644);
  await stage.write("import os\nos.chmod('/project/tool', 0o755)");
  const { page } = await stage.enter();
  await page.getByRole("link", { name: "1 file changed" }).click();
  await page.getByText("becomes executable").waitFor();
  await page.getByText("0755").first().waitFor();
  await button(page, "Approve everything").click();
  await page.locator("#state", { hasText: "the files are written" }).waitFor();
  assert.equal(statSync(join(stage.test.project, "tool")).mode & 0o777, 0o755);
});
