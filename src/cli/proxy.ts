import { defined } from "../base/optional.ts";
import { terminalJson, terminalLine } from "../base/text/index.ts";
import type { ZeroTrustLoop } from "../loop/index.ts";
import {
  type OnFinding,
  type ProxyBreaker,
  type ProxyFinding,
  type ProxyOptions,
  parseUpstream,
  startProxy,
  type TokenReport,
} from "../proxy/index.ts";
import { helped, parseLoopArguments, withLoop } from "./loop-command.ts";
import { writeAll, writeText } from "./output.ts";
import { portOf, told } from "./serving.ts";
import { UsageError } from "./usage-error.ts";

export const PROXY_HELP = `ztl proxy --upstream URL [--port N] [--on-finding block|inform] [--no-logprobs]
          [--config FILE [--agent NAME [--conversation ID]]] [--json]

Stands on this machine before a model server, and needs nothing of a framework but another base URL:

  OpenAI(base_url="http://127.0.0.1:PORT/v1")          before --upstream https://api.openai.com
  OLLAMA_HOST=http://127.0.0.1:PORT                    before --upstream http://127.0.0.1:11434

Looked at are OpenAI's /v1/chat/completions and /v1/responses and Ollama's /api/chat and /api/generate, streamed and whole:
what tools returned in a prompt (withheld, or its secrets masked, before a model reads it) and the tool calls of an answer
(held back until the step is complete, and then sent, or not). Text goes on at once. Every other path passes unchanged.
The client's own key is passed on and printed nowhere. A tool result that stands in a person's message is not seen as one.
What the guard finds is told on standard error, with nothing of the content. Ctrl-C ends it.

  --upstream URL       the server, without /v1 or /api: clients send the rest
  --port N             the port here (default: a free one); it listens on loopback alone
  --on-finding WHAT    block (default): withhold and mask; inform: only tell
  --no-logprobs        do not ask for log-probabilities. They are asked for where the server has them, to tell how certain the
                       model is, and taken out of the answer unless the client asked, too
  --config FILE        obey the breakers of this configuration (ztl breaker): an open one ends streams, and nothing begins
  --agent NAME         whose proxy it is: that agent's breakers count, too; without, those over all agents
  --conversation ID    one conversation of that agent
  --json               print one JSON object with url and port; findings as lines of JSON
`;

const OPTIONS = {
  upstream: { type: "string" },
  port: { type: "string" },
  "on-finding": { type: "string" },
  "no-logprobs": { type: "boolean" },
  agent: { type: "string" },
  conversation: { type: "string" },
} as const;

type Values = ReturnType<typeof parseLoopArguments<typeof OPTIONS>>["values"];

/** `ztl proxy`: until it is told to stop. Returns the exit status. */
export async function proxy(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, PROXY_HELP)) return 0;
  if (positionals.length > 0) throw new UsageError("ztl proxy takes options only");
  const options = optionsOf(values);
  const { config, agent, conversation } = values;
  if (config === undefined && (agent ?? conversation) !== undefined)
    throw new UsageError("--agent and --conversation go with --config, which has the breakers");
  if (conversation !== undefined && agent === undefined) throw new UsageError("--conversation goes with --agent");
  if (config === undefined) return serve(options, values);
  return withLoop(config, async (loop) =>
    serve({ ...options, breaker: breakerOf(loop, defined({ agent, conversation })) }, values),
  );
}

function optionsOf(values: Values): ProxyOptions {
  const { upstream, port, "on-finding": onFinding = "block", json = false } = values;
  if (upstream === undefined) throw new UsageError("say which server it stands before: --upstream URL");
  if (!isOnFinding(onFinding)) throw new UsageError("--on-finding takes block or inform");
  return {
    ...{ upstream: parseUpstream(upstream), port: portOf(port), onFinding },
    found: (finding) => writeText(process.stderr, json ? `${terminalJson(finding)}\n` : tellFinding(finding)),
    ...(values["no-logprobs"] !== true && { tokens: { told: tellingTokens(json) } }),
  };
}

async function serve(options: ProxyOptions, { json = false, upstream = "" }: Values): Promise<number> {
  await using running = await startProxy(options);
  const { url, port } = running;
  const text = json
    ? `${terminalJson({ url, port })}\n`
    : `${url} stands before ${terminalLine(upstream)}\nClients take it as their base URL. Ctrl-C ends it.\n`;
  await writeAll(process.stdout, text);
  await told();
  return 0;
}

/** Asked before anything is served, so that a name that is wrong is told at once. */
function breakerOf({ breakers }: ZeroTrustLoop, who: Parameters<ZeroTrustLoop["breakers"]["watch"]>[0]): ProxyBreaker {
  breakers.watch(who, () => {})();
  return { watch: (onOpen) => breakers.watch(who, ({ reason }) => onOpen(reason)) };
}

function isOnFinding(text: string): text is OnFinding {
  return text === "block" || text === "inform";
}

const DONE: Readonly<Record<ProxyFinding["done"], string>> = {
  withheld: "withheld",
  masked: "passed with its secrets masked",
  passed: "passed",
};

function tellFinding({ where, done, rules, reasons }: ProxyFinding): string {
  const what = where === "tool-result" ? "a tool result" : "a step of tool calls";
  return `ztl: ${what} was ${DONE[done]}: it ${reasons.join("; ")} (${rules.join(", ")})\n`;
}

/** Told when it changes: that a server says nothing of its tokens is worth a line, and not one for each answer. */
function tellingTokens(json: boolean): (report: TokenReport) => void {
  let last: TokenReport["signal"] | undefined;
  return (report) => {
    if (json) writeText(process.stderr, `${terminalJson(report)}\n`);
    else if (report.signal !== last)
      writeText(
        process.stderr,
        report.signal === "signal"
          ? "ztl: the server tells log-probabilities of its tokens\n"
          : "ztl: no signal: the server told nothing of the last answer's tokens\n",
      );
    last = report.signal;
  };
}
