import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Allowed } from "./allowed.ts";
import { type EgressGrant, grantsSchema } from "./grant.ts";
import { type HostName, parseHostName } from "./host-name.ts";
import { parseAddress } from "./ip-address.ts";

const name = (text: string): HostName => parseHostName(text) ?? assert.fail(text);
const address = (text: string): Uint8Array => parseAddress(text) ?? assert.fail(text);

function allowed(...lists: EgressGrant[][]): Allowed {
  return new Allowed(lists.map((list) => grantsSchema.parse(list)));
}

describe("grants", () => {
  test("a name is granted with its ports, and no other name or port", () => {
    const one = allowed([{ host: "API.example.com.", ports: [443] }]);
    assert.equal(one.allowsPort(name("api.example.com"), 443), true);
    assert.equal(one.allowsPort(name("api.example.com"), 80), false);
    for (const other of ["example.com", "x.api.example.com", "apiexample.com", "api.example.com.evil.test"])
      assert.equal(one.allowsHost(name(other)), false, other);
  });

  test("*.name is what is below it, not itself and nothing that only ends so", () => {
    const below = allowed([{ host: "*.example.com", ports: [443] }]);
    for (const yes of ["a.example.com", "a.b.example.com"]) assert.equal(below.allowsHost(name(yes)), true, yes);
    for (const no of ["example.com", "badexample.com", "example.com.evil.test"])
      assert.equal(below.allowsHost(name(no)), false, no);
  });

  test("without a list nothing is allowed, nor with an empty one", () => {
    for (const none of [allowed(), allowed([])]) {
      assert.equal(none.allowsHost(name("example.com")), false);
      assert.equal(none.refusesAddress(name("example.com"), 80, address("8.8.8.8")), "not-granted");
    }
  });

  test("lists narrow each other, by name, port and address", () => {
    const both = allowed(
      [{ host: "*.example.com", ports: [80, 443], addresses: ["10.0.0.0/8"] }],
      [{ host: "api.example.com", ports: [443, 8080], addresses: ["10.1.0.0/16"] }],
    );
    assert.equal(both.allowsPort(name("api.example.com"), 443), true);
    for (const port of [80, 8080]) assert.equal(both.allowsPort(name("api.example.com"), port), false);
    assert.equal(both.allowsHost(name("www.example.com")), false);
    assert.equal(both.refusesAddress(name("api.example.com"), 443, address("10.1.2.3")), undefined);
    assert.equal(both.refusesAddress(name("api.example.com"), 443, address("10.2.2.3")), "not-granted");
  });

  test("a special address is reached only where it is named, and then nothing else is", () => {
    const grants = allowed([
      { host: "local.test", ports: [80], addresses: ["127.0.0.1"] },
      { host: "open.test", ports: [80] },
    ]);
    const refuses = (host: string, to: string): string | undefined =>
      grants.refusesAddress(name(host), 80, address(to));
    assert.equal(refuses("local.test", "127.0.0.1"), undefined);
    assert.equal(refuses("local.test", "127.0.0.2"), "not-granted");
    assert.equal(refuses("local.test", "8.8.8.8"), "not-granted");
    assert.equal(refuses("local.test", "::ffff:127.0.0.1"), "not-granted");
    assert.equal(refuses("open.test", "8.8.8.8"), undefined);
    assert.equal(refuses("open.test", "127.0.0.1"), "loopback");
    assert.equal(refuses("open.test", "::ffff:127.0.0.1"), "ipv4-mapped");
  });

  test("what is no grant is refused, and so is what this version would not keep", () => {
    const host = "example.com";
    const bad: readonly unknown[] = [
      { host, ports: [] },
      { host },
      { host, ports: [0] },
      { host, ports: [65536] },
      { host, ports: [1.5] },
      { host, ports: ["443"] },
      { host: "127.0.0.1", ports: [80] },
      { host: "0x7f.1", ports: [80] },
      { host: "user@example.com", ports: [80] },
      { host: "https://example.com", ports: [80] },
      { host: "*", ports: [80] },
      { host: "*.com", ports: [80] },
      { host: "a.*.com", ports: [80] },
      { host: "*.*.example.com", ports: [80] },
      { host, ports: [80], addresses: [] },
      { host, ports: [80], addresses: ["10.0.0.1/8"] },
      { host, ports: [80], addresses: ["localhost"] },
      { host, ports: [80], addresses: ["fe80::1%eth0"] },
      { host, ports: [80], methods: ["GET"] },
      { host, ports: [80], paths: ["/"] },
      { host, ports: [80], inspect: true },
      { host, ports: [80], port: 80 },
    ];
    for (const one of bad) assert.equal(grantsSchema.safeParse([one]).success, false, JSON.stringify(one));
    const { error } = grantsSchema.safeParse([{ host, ports: [80], methods: ["GET"] }]);
    assert.match(error?.issues[0]?.message ?? "", /which this version does not take/);
  });
});
