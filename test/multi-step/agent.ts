import { text } from "node:stream/consumers";
import { ZeroTrustLoop } from "../../src/index.ts";
import type { Step } from "./session.ts";

// An agent's program, started by tests as a process of its own: makes the calls of standard input at once, in one conversation.
const [directory = ".", conversation = "main"] = process.argv.slice(2);
const steps = JSON.parse(await text(process.stdin)) as readonly Step[];
const loop = await ZeroTrustLoop.open({ config: `${directory}/ztl.config.json` });
try {
  const talk = loop.agent("assistant").conversation({ id: conversation });
  const results = await Promise.all(steps.map(({ tool, code }) => talk.call({ tool, input: { code } })));
  const told = results.map((result) => ({
    status: result.status,
    text: "output" in result ? result.output.text : "",
    forModel: result.forModel.text,
    reviewId: "changeSet" in result ? result.changeSet?.reviewId : undefined,
  }));
  console.log(JSON.stringify(told));
} finally {
  await loop.close();
}
