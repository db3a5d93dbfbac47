import { readFileSync } from "node:fs";

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
      // The same way from src/server and from dist/server: the files are shipped as they are.
      const file = new URL(`../../src/server/static/${name}`, import.meta.url);
      return [name, { type, body: readFileSync(file, "utf8") }];
    }),
  );
}
