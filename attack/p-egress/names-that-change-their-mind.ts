import assert from "node:assert/strict";
import { EgressGate } from "../../src/egress/index.ts";
import type { Attack } from "../attack.ts";
import { tryToOpen } from "./opening.helper.ts";

const HOST = "rebound.example.com";
const HOME = "127.0.0.1";
/** On this machine too, so that no packet leaves it; nobody listens there, and it is what the grant names. */
const GRANTED = "127.0.0.9";

export const attack: Attack = {
  promise: 112,
  must: "A name that leads home from its second look-up on, or beside an address that is granted, is not connected to there.",
  quick: true,
  async run({ canaries: { port } }) {
    for (const answers of [[[GRANTED], [HOME]], [[GRANTED, HOME]], [[HOME, GRANTED]]]) {
      let asked = 0;
      const resolve = async (): Promise<readonly string[]> => answers[Math.min(asked++, answers.length - 1)] ?? [];
      const gate = new EgressGate({
        grants: [[{ host: HOST, ports: [port], addresses: [GRANTED] }]],
        resolver: { resolve },
      });
      const outcomes: string[] = [];
      for (const _ of answers) outcomes.push(await tryToOpen(gate, HOST, port));
      // The address that is granted was tried, each time that it was among them; the other one never was.
      assert.deepEqual(
        outcomes,
        answers.map((addresses) => (addresses.includes(GRANTED) ? "connection-refused" : "refused")),
      );
      assert.equal(asked, answers.length);
      await gate.close();
    }
  },
};
