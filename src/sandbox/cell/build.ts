import { ZtlError } from "../../errors.ts";
import { Config, type GuestEnding, Kernel } from "../../linux/index.ts";
import { DEFAULT_LIMITS } from "../../linux/limits.ts";
import { confineProcess, DATA_START, Machine, PAGE_SIZE, writeImage } from "../../vmm/index.ts";
import { GUEST_HOSTNAME } from "../guest-tree.ts";
import type { TemplateRecipe } from "../templates/recipe.ts";
import { type BuildRequest, type BuiltReply, MEMORY_FD } from "./protocol.ts";

/** Kept of what a failing template program says. */
const SAID_CHARACTERS = 2000;

/** Makes the snapshot a recipe describes and writes its memory to the file it was given. The process ends afterwards. */
export function buildTemplate(request: BuildRequest): BuiltReply {
  const { recipe, timeMs } = request;
  const config = new Config({ mounts: recipe.mounts, hostname: GUEST_HOSTNAME, ...recipe.identity });
  const limits = { ...DEFAULT_LIMITS, wallMs: timeMs, cpuMs: timeMs, memoryBytes: recipe.memoryBytes };
  // Page tables and system pages come before the guest's own memory; the limit does not count them.
  const machine = Machine.create({ memoryBytes: DATA_START + Math.ceil(recipe.memoryBytes / PAGE_SIZE) * PAGE_SIZE });
  machine.prepareTimer();
  // The programs are the host's own, but what they read may be anybody's.
  confineProcess({ readable: config.plan.hostPaths, writesImage: true });
  const kernel = Kernel.boot(machine, config, { limits });
  start(kernel, recipe);
  const reads = kernel.vfs.hostPathsRead();
  const kernelImage = kernel.seal();
  writeImage(MEMORY_FD, machine.memoryFd, machine.seal());
  return { type: "built", kernel: kernelImage, reads };
}

function start(kernel: Kernel, recipe: TemplateRecipe): void {
  const poll = (): "continue" => "continue";
  if (recipe.start.kind === "job") {
    kernel.spawn({ ...recipe.start.program, job: true });
    expect(kernel, recipe, kernel.run({ poll, untilJobWanted: true }), "waiting");
    return;
  }
  for (const program of recipe.start.programs) {
    kernel.spawn(program);
    expect(kernel, recipe, kernel.run({ poll }), "exited");
  }
}

function expect(kernel: Kernel, recipe: TemplateRecipe, outcome: GuestEnding, kind: GuestEnding["kind"]): void {
  if (outcome.kind === kind && (outcome.kind !== "exited" || outcome.code === 0)) return;
  const said = kernel.output.stderr.toString("utf8").slice(-SAID_CHARACTERS);
  throw new ZtlError(
    "template-failed",
    `The ${recipe.name} template's program should have been ${kind}, but: ${JSON.stringify(outcome)}; it said: ${JSON.stringify(said)}`,
    { outcome, unknownSyscalls: Object.fromEntries(kernel.diagnostics.unknownSyscalls) },
  );
}
