/** The package's own directory, for what is shipped as it is: from `src/base/` in a clone, from `dist/src/base/` in the package. */
export const PACKAGE_ROOT = new URL(import.meta.url.endsWith(".ts") ? "../../" : "../../../", import.meta.url);
