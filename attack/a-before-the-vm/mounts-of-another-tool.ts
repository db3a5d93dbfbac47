import assert from "node:assert/strict";
import { join } from "node:path";
import type { LoopConfig } from "../../src/index.ts";
import type { Attack } from "../attack.ts";
import { plantPython, takenOf } from "./pythons.helper.ts";
import { Surroundings } from "./surroundings.helper.ts";

/** Where one tool may write, once a person agreed, another tool finds no program to start. */
export const attack: Attack = {
  promise: 56,
  must: "A Python that lies in the mount of any tool of a configuration is run by none of its tools, unless it is named.",
  needs: ["kvm", "python"],
  async run(stage) {
    using around = new Surroundings(stage);
    const bin = plantPython(around.directory("tools"));
    assert.equal(takenOf([bin]), join(bin, "python3"), "without a mount it is the caller's");
    const withTools = (config: LoopConfig): LoopConfig => {
      const install = {
        template: "shell",
        mounts: [{ host: join(bin, ".."), guest: "/tools", mode: "overlay" }],
      } as const;
      return { ...config, tools: { ...config.tools, install } };
    };
    const code = "import sys; print(sys.executable, 6 * 7)";
    const before = process.env.PATH;
    process.env.PATH = `${bin}:/usr/local/bin:/usr/bin:/bin`;
    try {
      const { loop } = await stage.loop(withTools);
      const result = await loop.agent("writer").conversation().call({ tool: "python", input: { code } });
      assert.match(result.forModel.text, / 42$/m);
      assert.ok(!result.forModel.text.includes(around.base), result.forModel.text);
      // Named, it is taken: whoever wrote the configuration meant it, and this one cannot run.
      const named = (config: LoopConfig): LoopConfig => ({
        ...withTools(config),
        python: { program: join(bin, "python3") },
      });
      const second = await stage.loop(named);
      const taken = await second.loop.agent("writer").conversation().call({ tool: "python", input: { code } });
      assert.doesNotMatch(taken.forModel.text, / 42$/m);
    } finally {
      process.env.PATH = before;
    }
  },
};
