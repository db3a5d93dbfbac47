import { terminalLine } from "../base/text/index.ts";
import { findConfigModules, notRun, requireConfig } from "../policy/index.ts";
import { writeAll } from "./output.ts";

/**
 * The configuration a command works with: the one that was named, else the working directory's `ztl.config.json`. Says so when
 * there is another beside it whose author may think it holds. Throws ZtlError `config-not-found`.
 */
export async function configFile(named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const file = requireConfig(process.cwd());
  for (const module of findConfigModules(process.cwd()))
    await writeAll(process.stderr, `ztl: using ${terminalLine(file)}; ${terminalLine(notRun(module))} (--config)\n`);
  return file;
}
