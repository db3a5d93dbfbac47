import { defined } from "../base/optional.ts";
import { terminalJson } from "../base/text/index.ts";
import { startServer } from "../server/index.ts";
import { helped, parseLoopArguments, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { portOf, told } from "./serving.ts";
import { UsageError } from "./usage-error.ts";

export const SERVE_HELP = `ztl serve [--port N] [--reviewer NAME] [--config FILE] [--json]

Serves the page on which a person decides: what waits, diffs with what the guard saw, runs, the ledger. On this machine
alone (loopback), for whoever has the printed address, which holds a token: keep it to yourself. Ctrl-C ends it.
Once there are reviewers (ztl reviewer add), that address is for looking; who decides signs in with a token of their own.

  --port N        the port (default: a free one)
  --reviewer NAME who decides, unless the page is told otherwise (default: your user name)
  --config FILE   the configuration (default: ztl.config.json of this directory); a module is run
  --json          print one JSON object with url, port and token
`;

const OPTIONS = { port: { type: "string" }, reviewer: { type: "string" } } as const;

/** `ztl serve`: until it is told to stop. Returns the exit status. */
export async function serve(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, SERVE_HELP)) return 0;
  if (positionals.length > 0) throw new UsageError("ztl serve takes options only");
  const port = portOf(values.port);
  return withLoop(values.config, async (loop) => {
    const reviewer = defined({ reviewer: values.reviewer });
    const server = await startServer(loop, { port, ...reviewer });
    try {
      const { url, port: bound, token } = server;
      const text = values.json
        ? `${terminalJson({ url, port: bound, token })}\n`
        : `The page is at ${url}\nCtrl-C ends it.\n`;
      await writeAll(process.stdout, text);
      await told();
      return 0;
    } finally {
      await server.close();
    }
  });
}
