import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { compileAnnex, compilerVersion } from "./annex-compiler.ts";

/** `npm run annex`: compiles guest/annex and writes the bytes that the product carries, so that installing it takes no compiler. */

const TARGET = new URL("../src/linux/annex/code.ts", import.meta.url);

function codeFile(compiler: string, code: Buffer): string {
  return `import { sha256Hex } from "../../base/sha256.ts";

/** Written by \`npm run annex\` from guest/annex; the test of it compiles that again and compares. */

/** What compiled it: another compiler makes other instructions of the same program. */
export const ANNEX_COMPILER = ${JSON.stringify(compiler)};

export const ANNEX_CODE = Buffer.from("${code.toString("base64")}", "base64");

/** Stands for the code in templates. */
export const annexDigest = sha256Hex(ANNEX_CODE);
`;
}

writeFileSync(TARGET, codeFile(compilerVersion(), compileAnnex()));
execFileSync("npm", ["run", "--silent", "format", "--", TARGET.pathname], { stdio: "inherit" });
