import assert from "node:assert/strict";
import { EgressGate, FixedNames } from "../../src/egress/index.ts";
import type { Attack } from "../attack.ts";
import { tryToOpen } from "./opening.helper.ts";

const HOST = "api.example.com";
/** All of them reach what listens on this machine's loopback, or would if they were taken as C's library takes them. */
const WAYS_HOME = [
  ...["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1"],
  ...["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1%lo", "localhost"],
];

export const attack: Attack = {
  promise: 112,
  must: "A granted name whose owner lets it lead to this machine is refused, in whatever form the address is written.",
  quick: true,
  async run({ canaries: { port } }) {
    for (const address of WAYS_HOME) {
      const gate = new EgressGate({
        grants: [[{ host: HOST, ports: [port] }]],
        resolver: new FixedNames({ [HOST]: [address] }),
      });
      assert.equal(await tryToOpen(gate, HOST, port), "refused", address);
      const [record] = gate.records;
      // It was the address that was refused, and not something before it.
      assert.match(record?.reason ?? "", /^address-/, address);
      assert.deepEqual(record?.addresses, [address]);
      await gate.close();
    }
  },
};
