import { readKeyFile } from "../base/private-files.ts";
import { terminalLine } from "../base/text/index.ts";
import { ReviewerSigner } from "../loop/index.ts";
import { userName } from "./loop-command.ts";
import { askSecret } from "./prompt.ts";
import { UsageError } from "./usage-error.ts";

/** Options with which whoever decides says who that is. */
export const WHO_OPTIONS = {
  as: { type: "string" },
  key: { type: "string" },
  reviewer: { type: "string" },
} as const;

export const WHO_HELP = `  --as NAME         decide as this reviewer (ztl reviewer list): by a key or token, which is asked for on a terminal
  --key FILE        the reviewer's private key, or a file with the token; a file that only you can read
                    (without it: the token in ZTL_REVIEWER_TOKEN)
  --reviewer NAME   who decides, for the ledger, as long as nobody is a reviewer (default: your user name)
`;

export interface WhoValues {
  readonly as?: string | undefined;
  readonly key?: string | undefined;
  readonly reviewer?: string | undefined;
}

/** Who decides, with the proof of it when one is asked for. Throws UsageError, or ZtlError `token-invalid`, `key-…`. */
export async function whoDecides(values: WhoValues): Promise<{ reviewer: string; signer?: ReviewerSigner }> {
  const { as: name, key, reviewer } = values;
  if (name === undefined) {
    if (key !== undefined) throw new UsageError("--key goes with --as NAME");
    return { reviewer: reviewer ?? userName() };
  }
  if (reviewer !== undefined) throw new UsageError("give --as or --reviewer, not both");
  return { reviewer: name, signer: await signerOf(name, key) };
}

async function signerOf(name: string, file: string | undefined): Promise<ReviewerSigner> {
  if (file !== undefined) {
    const text = readKeyFile(file, KEY_REFUSAL)?.toString("utf8");
    if (text === undefined) throw new UsageError(`there is no key ${file}`);
    const isKey = text.includes("-----BEGIN");
    return isKey ? ReviewerSigner.fromPrivateKey(name, text) : ReviewerSigner.fromToken(name, text);
  }
  const token = process.env.ZTL_REVIEWER_TOKEN;
  if (token !== undefined && token !== "") return ReviewerSigner.fromToken(name, token);
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UsageError("--as needs the reviewer's key or token: give --key FILE, or set ZTL_REVIEWER_TOKEN");
  return ReviewerSigner.fromToken(name, await askSecret(`Token of ${terminalLine(name)} (not shown): `));
}

const KEY_REFUSAL = {
  code: "key-unsafe",
  otherwise: "If others could have read it, have the reviewer revoked and added anew: ztl reviewer revoke NAME",
};
