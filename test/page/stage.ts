import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { CallResult } from "../../src/loop/index.ts";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { type RunningServer, startServer } from "../../src/server/index.ts";
import { newPerson, type Person, type PersonOptions } from "./browser.ts";

/** A real loop with its server, and people in front of it. */
export interface Stage extends AsyncDisposable {
  readonly test: TestLoop;
  readonly server: RunningServer;
  /** Runs Python over the project as the agent `writer` does. */
  write(code: string): Promise<CallResult>;
  /** Content of a file of the project on the host. */
  file(name: string): string;
  /** A person who has opened the address with the token. */
  enter(options?: PersonOptions): Promise<Person>;
}

export async function openStage(browser: Browser): Promise<Stage> {
  const test = await openTestLoop();
  const server = await startServer(test.loop, { reviewer: "owner" });
  const people: Person[] = [];
  return {
    test,
    server,
    async write(code) {
      const result = await talk(test.loop, "writer").call({ tool: "python", input: { code } });
      assert.ok(result.status === "ok" || result.status === "blocked" || result.status === "flagged", result.status);
      return result;
    },
    file: (name) => readFileSync(join(test.project, name), "utf8"),
    async enter(options) {
      const person = await newPerson(browser, new URL(server.url).origin, options);
      people.push(person);
      await person.page.goto(server.url);
      return person;
    },
    async [Symbol.asyncDispose]() {
      for (const { context } of people) await context.close();
      await server.close();
      await test[Symbol.asyncDispose]();
      assert.deepEqual(
        people.flatMap(({ complaints }) => complaints),
        [],
      );
    },
  };
}
