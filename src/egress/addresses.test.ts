import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { describeAddress, isInRange, parseAddress, parseRange } from "./ip-address.ts";
import { reservedAs } from "./reserved.ts";

const why = (text: string): string | undefined =>
  reservedAs(parseAddress(text) ?? assert.fail(`${text} is no address`));

describe("addresses that no name may lead to", () => {
  const reserved: readonly [address: string, why: string][] = [
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["10.0.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "carrier-grade-nat"],
    ["100.127.255.255", "carrier-grade-nat"],
    ["169.254.1.1", "link-local"],
    ["169.254.169.254", "cloud-metadata"],
    ["169.254.170.2", "cloud-metadata"],
    ["100.100.100.200", "cloud-metadata"],
    ["fd00:ec2::254", "cloud-metadata"],
    ["198.18.0.1", "benchmarking"],
    ["198.19.255.255", "benchmarking"],
    ["192.88.99.1", "relay"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["192.0.2.1", "documentation"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "ipv4-mapped"],
    ["::ffff:8.8.8.8", "ipv4-mapped"],
    ["::ffff:0:8.8.8.8", "ipv4-translated"],
    ["::8.8.8.8", "ipv4-compatible"],
    ["64:ff9b::7f00:1", "nat64"],
    ["64:ff9b:1::1", "nat64"],
    ["2002:7f00:1::", "6to4"],
    ["2001:0:7f00:1::", "teredo"],
    ["2001:db8::1", "documentation"],
    ["fc00::1", "private"],
    ["fdff::1", "private"],
    ["fe80::1", "link-local"],
    ["febf::1", "link-local"],
    ["fec0::1", "site-local"],
    ["ff02::1", "multicast"],
    ["4000::1", "reserved"],
    ["1::1", "reserved"],
  ];
  for (const [address, expected] of reserved)
    test(`${address}: ${expected}`, () => {
      assert.equal(why(address), expected);
    });

  for (const address of [
    ...["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1", "11.0.0.1"],
    ...["169.253.0.1", "192.167.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255"],
    ...["2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2400:cb00::1"],
  ])
    test(`${address} is public`, () => {
      assert.equal(why(address), undefined);
    });
});

describe("reading addresses", () => {
  test("what is no address in its usual notation is none", () => {
    for (const text of [
      "127.1",
      "0177.0.0.1",
      "0x7f.0.0.1",
      "2130706433",
      "1.2.3",
      "1.2.3.4.",
      "::1%lo",
      "[::1]",
      "",
      "::g",
    ])
      assert.equal(parseAddress(text), undefined, text);
  });

  test("an address is what its bytes say, whichever way it is written", () => {
    for (const text of ["::1", "0:0:0:0:0:0:0:1", "::0.0.0.1", "0000::0001"])
      assert.deepEqual(parseAddress(text), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), text);
  });

  test("describes what it reads", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(bytes, (address) => {
        assert.deepEqual(parseAddress(describeAddress(address)), address);
      }),
    );
  });

  test("ranges: by their first bits, without others set", () => {
    const range = parseRange("10.32.0.0/11") ?? assert.fail();
    assert.equal(isInRange(parseAddress("10.63.255.255") as Uint8Array, range), true);
    assert.equal(isInRange(parseAddress("10.64.0.0") as Uint8Array, range), false);
    assert.equal(isInRange(parseAddress("::ffff:10.32.0.1") as Uint8Array, range), false);
    for (const text of ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/8/8", "::/129", "x/8"])
      assert.equal(parseRange(text), undefined, text);
  });
});
