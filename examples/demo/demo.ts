import { terminalJson, terminalNet } from "../../src/base/text/index.ts";
import { hostLacks } from "../../src/loop/index.ts";
import { ChatModel } from "../../src/model/index.ts";
import { startAttacker } from "./attacker.ts";
import { demoConfig, findPdftotext } from "./config.ts";
import type { Host } from "./host.ts";
import { MODEL_TIMEOUT_MS } from "./limits.ts";
import { type DemoOptions, HELP, parseOptions } from "./options.ts";
import { startScriptedModel } from "./scripted-model/scripted-model.ts";
import { type Shown, show } from "./showing/showing.ts";
import { Narrator } from "./story/narrator.ts";
import { summarise } from "./summary.ts";
import { makeWorld, removeWorld, type World } from "./world/world.ts";

/** 128 + SIGINT, as shells have it. */
const EXIT_INTERRUPTED = 130;

/** A person's Ctrl-C, a closed terminal, a shutdown: each clears the stage away. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `ztl demo`. Gives the exit status; throws ZtlError `demo-arguments`, `temporary-directory`, `model-…` and `micro-vm-unavailable`. */
export async function demo(args: readonly string[]): Promise<number> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const options = parseOptions(args, isTerminal);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const host: Host = { lacks: hostLacks(), pdftotext: findPdftotext() };
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  for (const signal of ENDING) process.on(signal, onSignal);
  try {
    const shown = await run(options, host, interrupted.signal);
    if (options.json) process.stdout.write(`${terminalJson(summarise(shown), 2)}\n`);
    return shown.claims.every(({ holds }) => holds) ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.stderr.write("Stopped.\n");
    return EXIT_INTERRUPTED;
  } finally {
    for (const signal of ENDING) process.off(signal, onSignal);
  }
}

/** Sets the stage, shows, and clears it away whatever happens. */
async function run(options: DemoOptions, host: Host, signal: AbortSignal): Promise<Shown> {
  const attacker = await startAttacker();
  const scripted = options.model === undefined ? await startScriptedModel() : undefined;
  // What is open keeps the process alive, so it is closed whatever fails after it.
  let world: World | undefined;
  try {
    world = makeWorld(attacker.url);
    const model = openModel(options.model ?? { url: scripted?.url ?? "", name: "scripted" });
    const config = demoConfig(world, host);
    const narrator = narratorFor(options, signal);
    return await show(
      { world, host, config, attacker, model, isScripted: scripted !== undefined, narrator, signal },
      options.auto,
    );
  } finally {
    await Promise.all([attacker.close(), scripted?.close()]);
    if (world !== undefined && options.keep) process.stderr.write(`Kept: ${world.directory}\n`);
    else if (world !== undefined) removeWorld(world);
  }
}

function openModel({ url, name }: { readonly url: string; readonly name: string }): ChatModel {
  const apiKey = process.env.ZTL_MODEL_API_KEY;
  return new ChatModel({
    url,
    model: name,
    timeoutMs: MODEL_TIMEOUT_MS,
    // Whoever names a server wants it asked, and all data here is made up.
    allowRemote: true,
    ...(apiKey === undefined || apiKey === "" ? {} : { apiKey }),
  });
}

function narratorFor({ json, fast }: DemoOptions, signal: AbortSignal): Narrator {
  const colours = process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "";
  const write = json ? () => {} : (text: string) => void process.stdout.write(terminalNet(text));
  return new Narrator({ write, colours, pauses: !fast && !json, signal });
}
