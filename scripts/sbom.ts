import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Writes dist/sbom.cdx.json: what a user of the package gets besides it (CycloneDX, from `npm sbom`). npm's own
 * `--omit dev` also drops packages that a development dependency happens to share with the product, zod among them, so
 * the installed tree is asked for as a whole, and what the lock file marks as for development only is taken out here.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

interface LockedPackage {
  readonly name?: string;
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}

interface Bom {
  readonly metadata: { readonly component: { name: string } };
  components: { readonly "bom-ref": string }[];
  dependencies: { readonly ref: string; dependsOn: string[] }[];
}

const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string };
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};
const shipped = new Set(
  Object.entries(lock.packages)
    .filter(([path, { dev, devOptional, peer }]) => path !== "" && !dev && !devOptional && !peer)
    .map(([path, locked]) => `${locked.name ?? path.slice(path.lastIndexOf("node_modules/") + 13)}@${locked.version}`),
);

const bom = JSON.parse(
  execFileSync("npm", ["sbom", "--sbom-format", "cyclonedx"], { cwd: root, encoding: "utf8" }),
) as Bom;
// npm names the package after its directory.
bom.metadata.component.name = name;
bom.components = bom.components.filter((component) => shipped.has(component["bom-ref"]));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => shipped.has(ref) || ref.startsWith(`${name}@`))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => shipped.has(other)) }));

mkdirSync(join(root, "dist"), { recursive: true });
writeFileSync(join(root, "dist", "sbom.cdx.json"), `${JSON.stringify(bom, undefined, 2)}\n`);
