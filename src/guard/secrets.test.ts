import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { rows } from "../../bench/typical/made-up.ts";
import { SECRETS } from "../../bench/typical/secrets.ts";
import { maskSecrets } from "./mask.ts";
import { hasValidChecksum } from "./matching/checksums.ts";
import { scan } from "./scanner.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

test("more than forty kinds of secrets are masked, and what stands around them is kept", () => {
  assert.ok(Object.keys(SECRETS).length >= 70);
  for (const [name, make] of Object.entries(SECRETS)) {
    const secret = make();
    const { bytes, secrets } = maskSecrets(`before\n${secret}\nafter`);
    assert.ok(secrets.length > 0, `${name}: ${secret}`);
    assert.match(text(bytes), /^before\n[\s\S]*\(masked: [a-z-]+\)[\s\S]*\nafter$/, name);
    assert.equal(scan(bytes).findings.filter(({ family }) => family === "secret").length, 0, text(bytes));
  }
});

test("a secret withholds nothing, and a text without one is given back as it is", () => {
  const token = (SECRETS["GitHub personal token"] as () => string)();
  assert.equal(scan(`token ${token}`).decision, "admit");
  const clean = Buffer.from("The token of the day is a word.");
  assert.equal(maskSecrets(clean).bytes, clean);
});

test("encoded secrets are masked as a whole", () => {
  const token = (SECRETS["GitHub personal token"] as () => string)();
  const ways = [
    Buffer.from(`TOKEN: ${token}\n`).toString("base64"),
    JSON.stringify({ a: `x\n${token}\n` }),
    encodeURIComponent(`t=${token}`),
  ];
  for (const written of ways) {
    const shown = text(maskSecrets(`data: ${written}`).bytes);
    assert.match(shown, /\(masked: [a-z-]+\)/);
    assert.ok(!shown.includes(token));
  }
});

test("hundreds of secrets in one text are all masked", () => {
  const tokens = rows(3000, () => (SECRETS["GitLab token"] as () => string)());
  const shown = text(maskSecrets(tokens.join("\n")).bytes);
  assert.equal(shown.match(/masked/g)?.length, tokens.length);
  assert.ok(tokens.every((token) => !shown.includes(token)));
});

test("hashes, UUIDs, placeholders and names of variables are no secrets", () => {
  const hashes = rows(4000, (index) => {
    const of = (algorithm: string): string => createHash(algorithm).update(`${index}`).digest("hex");
    const sri = createHash("sha512").update(`${index}`).digest("base64");
    return `${of("md5")} ${of("sha1")}  file\nsha256:${of("sha256")} sha512-${sri}\n{"id":"${randomUUID()}","etag":"${of("md5")}"}`;
  });
  const others = [
    "PASSWORD=\nTOKEN=${TOKEN}\nAPI_KEY=your-api-key-here\nSECRET=<secret>\nMAX_TOKENS=4096\nPRIMARY_KEY=id",
    "const token = nextToken(text);\nlet password: string;\nsecret = process.env.SECRET\n  token: response.token",
    'const apiKey = "YOUR_API_KEY";\n{"type":"password","name":"password"}\nghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    "https://user@example.org/ http://example.org:8080/a@b git@github.com:a/b.git -----BEGIN PUBLIC KEY-----",
  ];
  for (const content of [hashes.join("\n"), ...others])
    assert.deepEqual(maskSecrets(content).secrets, [], content.slice(0, 200));
});

test("a token whose checksum is right is one even without variety", () => {
  const body = "a".repeat(30);
  let [value, sum] = [crc32(body), ""];
  for (; value > 0; value = Math.floor(value / 62))
    sum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".charAt(value % 62) + sum;
  const token = Buffer.from(`ghp_${body}${sum.padStart(6, "0")}`);
  assert.ok(hasValidChecksum(token, 0, token.length));
  assert.equal(maskSecrets(token).secrets.length, 1);
});

test("prefixes of secrets in a row are read once: no repetition costs more than a small multiple of clean text", () => {
  const bytes = 256 * 1024;
  const least = (text: string): number => {
    const content = Buffer.from(text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes));
    const times = [1, 2, 3].map(() => {
      const start = process.threadCpuUsage();
      scan(content);
      const { user, system } = process.threadCpuUsage(start);
      return (user + system) / 1000;
    });
    return Math.min(...times);
  };
  const clean = Math.max(least("an ordinary line of words\n"), 1);
  const hostile = [
    "-----BEGIN PRIVATE KEY-----\n",
    ":_auth=",
    "=fm2_",
    "glpat-",
    "-sk-ant-",
    "eyJ.",
    "://a:b",
    "password=x1",
  ];
  for (const text of hostile) assert.ok(least(text) < clean * 80, text);
});
