import { ZtlError } from "../errors.ts";

/*
 * Imported first by each of the package's doors. An older Node would fail somewhere among the imports, with the name of a module
 * that its user has never heard of. The command has the same check in bin/ztl.js.
 */

/** First release that has all that is used here; package.json's engines. */
const NODE_MIN = [22, 18] as const;

/** Throws ZtlError `node-too-old`. */
export function requireNode(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new ZtlError("node-too-old", `zero-trust-loop needs Node ${NODE_MIN.join(".")} or newer; this is ${version}`, {
    found: version,
    remedy: "Install a newer Node; `npm install node@24` brings one for one project.",
  });
}

requireNode(process.versions.node);
