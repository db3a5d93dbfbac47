import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Sandbox, type SandboxEvent } from "../../src/index.ts";
import type { Attack } from "../attack.ts";

const CALL = { tool: "shell", code: "echo $((6 * 7)); id -u" } as const;
/** Of another kind, so that each part of its template is another one. */
const OTHER = { tool: "python", code: "import os; print(6 * 7); print(os.getuid())" } as const;
const PARTS = ["manifest.json", "kernel.json", "memory.img"];

/** What the signed text says about itself, made true again for a changed part. Only the signature is left as it was. */
function resign(place: string): void {
  const [mac, text] = readFileSync(join(place, "manifest.json"), "utf8").split("\n") as [string, string];
  const kernel = createHash("sha256")
    .update(readFileSync(join(place, "kernel.json")))
    .digest("hex");
  const changed = text.replace(/("kernel\.json":")[0-9a-f]{64}/, `$1${kernel}`);
  assert.notEqual(changed, text);
  writeFileSync(join(place, "manifest.json"), `${mac}\n${changed}\n`);
}

export const attack: Attack = {
  promise: 15,
  must: "A template put in another's place, whole or in part, or edited with all its hashes made right, is refused and built anew.",
  needs: ["kvm", "python"],
  async run(stage) {
    const cacheDirectory = join(stage.directory, "cache");
    const use = async (call: typeof CALL | typeof OTHER = CALL): Promise<string[]> => {
      const types: string[] = [];
      const onEvent = ({ type }: SandboxEvent) => types.push(type);
      await using sandbox = await Sandbox.open({ cells: 1, cacheDirectory, onEvent });
      const result = await sandbox.run(call);
      assert.equal(result.stdoutText, `42\n${process.getuid?.()}\n`);
      return types;
    };
    const templates = join(cacheDirectory, "templates");
    await use();
    const [key] = readdirSync(templates) as [string];
    await use(OTHER);
    const [other] = readdirSync(templates).filter((name) => name !== key) as [string];
    const [place, wrong] = [join(templates, key), join(templates, other)];
    assert.deepEqual(await use(), ["template-loaded"]);

    const replace = (names: readonly string[]): void => {
      for (const name of names) cpSync(join(wrong, name), join(place, name));
    };
    const acts: Readonly<Record<string, () => void>> = {
      "another template in its place": () => replace(PARTS),
      "the memory of another": () => replace(["memory.img"]),
      "the state of another": () => replace(["kernel.json"]),
      "an edited state with its hash": () => {
        const path = join(place, "kernel.json");
        writeFileSync(path, readFileSync(path, "utf8").replace('"', ' "'));
        resign(place);
      },
      "a link to another's memory": () => {
        rmSync(join(place, "memory.img"));
        symlinkSync(join(wrong, "memory.img"), join(place, "memory.img"));
      },
    };
    for (const [name, act] of Object.entries(acts)) {
      act();
      assert.deepEqual(await use(), ["template-refused", "template-built"], name);
    }
  },
};
