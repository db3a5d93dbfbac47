import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isHostName, parseHostName } from "./host-name.ts";

describe("a host's name", () => {
  const names: readonly [text: string, name: string][] = [
    ["example.com", "example.com"],
    ["API.Example.COM", "api.example.com"],
    ["example.com.", "example.com"],
    ["bücher.de", "xn--bcher-kva.de"],
    ["example。com", "example.com"],
    ["registry", "registry"],
    ["_dmarc.example.com", "_dmarc.example.com"],
    ["4.example.com", "4.example.com"],
    ["1.2.3.4.example.com", "1.2.3.4.example.com"],
    ["a".repeat(63), "a".repeat(63)],
  ];
  for (const [text, name] of names)
    test(`${text.slice(0, 30)} is ${name.slice(0, 30)}, once more as well`, () => {
      assert.equal(parseHostName(text), name);
      assert.equal(parseHostName(name), name);
      assert.equal(isHostName(name), true);
    });

  const others = [
    ...["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "0", "0x", "1.2.3.4.", "१२७.0.0.1"],
    ...[
      "１２７.0.0.1",
      "127。0。0。1",
      "example.1",
      "example.0x7f",
      "[::1]",
      "::1",
      "fe80::1%eth0",
      "[fe80::1%25eth0]",
    ],
    ...[
      "user@example.com",
      "user:pw@example.com",
      "example.com:80",
      "example.com/",
      "example.com\\@evil",
      "ex%61mple.com",
    ],
    ...[
      "example.com#",
      "example.com?",
      "a b",
      "a\tb",
      "a\0.com",
      "",
      ".",
      "..",
      "a..b",
      ".a",
      "a..",
      "-a.com",
      "a-.com",
    ],
    ...[
      "a".repeat(64),
      `${"a.".repeat(130)}a`,
      "*.example.com",
      "*",
      "(example.com)",
      "a,b",
      "a;b",
      "a=b",
      "a\nb",
      "☃\u0000",
    ],
  ];
  for (const text of others)
    test(`${JSON.stringify(text).slice(0, 40)} is none`, () => {
      assert.equal(parseHostName(text), undefined);
      assert.equal(isHostName(text), false);
    });
});
