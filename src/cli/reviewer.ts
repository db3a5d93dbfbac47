import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readBounded } from "../base/bounded-file.ts";
import { defined } from "../base/optional.ts";
import { keyFile } from "../base/private-files.ts";
import { terminalLine } from "../base/text/index.ts";
import { formatPublicKey, parsePublicKey, type ReviewerRecord, ReviewerSigner } from "../loop/index.ts";
import { expectOne, helped, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { UsageError } from "./usage-error.ts";

export const REVIEWER_HELP = `ztl reviewer add NAME [--role ROLE]... [--public-key FILE|KEY]
ztl reviewer list
ztl reviewer revoke NAME
ztl reviewer key FILE

Who may decide what waits. While there is no reviewer, whoever can run these commands here may, under any name. From the
first one on each decision is signed by a reviewer, and the ledger keeps the signature (ztl ledger verify checks them).

add      makes a reviewer, and prints a token: it is shown once, for that person alone, and decides (ztl approve --as NAME,
         or signing in on the page). Kept here is only what it can be recognised by.
list     who there is and was, with roles and public keys
revoke   ends it; decisions that were made stay (remove is the same). When all are revoked nobody decides until one is added
key      makes a private key in FILE, for you alone, and prints its public key: for --public-key, and for
         reviews.identities in a configuration

  --role ROLE        a role that rules of the configuration ask for, such as security (repeatable)
  --public-key KEY   an Ed25519 public key that the reviewer has the private one of: ed25519:…, or a file with that or
                     with PEM; then no token is made
  --config FILE      the configuration (default: ztl.config.json of this directory); a module is run
  --json             print JSON
`;

const OPTIONS = { role: { type: "string", multiple: true }, "public-key": { type: "string" } } as const;

/** `ztl reviewer`. Returns the exit status. */
export async function reviewer(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, REVIEWER_HELP)) return 0;
  const [command, ...rest] = positionals;
  switch (command) {
    case "add":
      return add(expectOne(rest, "reviewer's name"), values);
    case "list":
      if (rest.length > 0) throw new UsageError("ztl reviewer list takes options only");
      return list(values);
    case "revoke":
    case "remove":
      return revoke(expectOne(rest, "reviewer's name"), values);
    case "key":
      return key(expectOne(rest, "file"));
    default:
      throw new UsageError("ztl reviewer takes add, list, revoke or key; ztl reviewer --help explains");
  }
}

interface Values {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly role?: readonly string[] | undefined;
  readonly "public-key"?: string | undefined;
}

function add(name: string, { config, json, role: roles, "public-key": given }: Values): Promise<number> {
  const publicKey = given === undefined ? undefined : readPublicKey(given);
  return withLoop(config, async (loop) => {
    const { reviewer: added, token } = await loop.reviewers.add(name, defined({ publicKey, roles }));
    if (json) await printJson({ reviewer: added, ...defined({ token }) });
    else {
      const shown =
        token === undefined
          ? `Decisions are signed with the private key: ztl approve ID --as ${added.name} --key FILE\n`
          : `The token, which is not shown again:\n  ${token}\nIt decides: give it to ${added.name} alone. On the page it signs in; here: ztl approve ID --as ${added.name}\n`;
      await writeAll(process.stdout, `${line(added)}\n${shown}`);
    }
    return 0;
  });
}

function list({ config, json }: Values): Promise<number> {
  return withLoop(config, async (loop) => {
    const all = loop.reviewers.list();
    if (json) await printJson(all);
    else if (all.length === 0)
      await writeAll(
        process.stdout,
        "There are no reviewers: whoever can run ztl here decides. ztl reviewer add NAME\n",
      );
    else await writeAll(process.stdout, all.map((one) => `${line(one)}\n`).join(""));
    return 0;
  });
}

function revoke(name: string, { config, json }: Values): Promise<number> {
  return withLoop(config, async (loop) => {
    const revoked = await loop.reviewers.revoke(name);
    if (json) await printJson(revoked);
    else await writeAll(process.stdout, `${terminalLine(name)} is no reviewer any more.\n`);
    return 0;
  });
}

async function key(file: string): Promise<number> {
  const pem = keyFile(file, newKey, { code: "key-unsafe", otherwise: "Choose another file." });
  const { publicKey } = ReviewerSigner.fromPrivateKey("owner", pem.toString("utf8"));
  await writeAll(process.stdout, `${publicKey}\n`);
  return 0;
}

function newKey(): Buffer {
  return Buffer.from(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
}

function line({ name, publicKey, roles, origin, addedAt, revokedAt }: ReviewerRecord): string {
  const as = roles.length === 0 ? "" : `  ${terminalLine(roles.join(", "))}`;
  const until = revokedAt === undefined ? "" : `, revoked ${revokedAt}`;
  return `${terminalLine(name).padEnd(16)} ${publicKey}${as}  (${origin}, added ${addedAt}${until})`;
}

/** A key in PEM takes some hundred bytes. */
const PUBLIC_KEY_BYTES_MAX = 16 * 1024;

function readPublicKey(given: string): string {
  const text = given.startsWith("ed25519:") ? given : readBounded(given, PUBLIC_KEY_BYTES_MAX).toString("utf8").trim();
  if (text.includes("PRIVATE KEY"))
    throw new UsageError("--public-key takes the public key; that file has the private one");
  let publicKey: KeyObject;
  try {
    publicKey = text.startsWith("ed25519:") ? parsePublicKey(text) : createPublicKey(text);
  } catch {
    throw new UsageError(`${given} is no Ed25519 public key: ed25519:…, or PEM`);
  }
  if (publicKey.asymmetricKeyType !== "ed25519") throw new UsageError(`${given} is a key of another kind than Ed25519`);
  return formatPublicKey(publicKey);
}
