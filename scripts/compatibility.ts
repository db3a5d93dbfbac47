import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { COMPATIBILITY_PATH, compatibilityPage } from "./compatibility-page.ts";

/** Writes docs/compatibility.md anew from the table of system calls; a test tells when that is due. */
mkdirSync(dirname(COMPATIBILITY_PATH), { recursive: true });
writeFileSync(COMPATIBILITY_PATH, compatibilityPage());
