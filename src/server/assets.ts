import { readFileSync } from "node:fs";
import { PACKAGE_ROOT } from "../base/package-root.ts";

/** The few files that a browser loads besides the pages. They hold no secrets. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

const TYPES: Readonly<Record<string, string>> = {
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Read once, by name: no path of a request ever reaches the file system. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  return new Map(
    Object.entries(TYPES).map(([name, type]) => {
      const file = new URL(`src/server/static/${name}`, PACKAGE_ROOT);
      return [name, { type, body: readFileSync(file, "utf8") }];
    }),
  );
}
