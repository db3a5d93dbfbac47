import { writeNewFile } from "../base/durable-files.ts";
import { PRIVATE_FILE_MODE } from "../base/private-files.ts";
import { errorCode } from "../base/system-error.ts";
import type { CaseQuery, ZeroTrustLoop } from "../loop/index.ts";
import { helped, LoopStatus, parseLoopArguments, printJson, withLoop } from "./loop-command.ts";
import { writeAll } from "./output.ts";
import { findConversation } from "./timeline.ts";
import { UsageError } from "./usage-error.ts";

export const EXPORT_HELP = `ztl export (--conversation C [--agent A] | --run RUN) --out FILE.mjs

Writes a case for somebody who has nothing of ours: the entries about one conversation or run, the contents they name, proofs
that they are in the signed ledger, and a program in plain JavaScript that checks all of it and needs only Node:

  node FILE.mjs --key ed25519:…     (ztl ledger verify prints the key: tell it on another way)

  --conversation C  a conversation, by its name or its beginning; --agent A where several have one of that name
  --run RUN         a run, by its id or its beginning
  --out FILE        where it goes; a file that is there is not written over. It holds what agents read and wrote in clear.
  --config FILE     the configuration (default: ztl.config.json of this directory); a module is run
  --json            print JSON: what was written

Exit status: 0 written; 5 nothing is recorded about that.
`;

const OPTIONS = {
  conversation: { type: "string" },
  agent: { type: "string" },
  run: { type: "string" },
  out: { type: "string" },
} as const;

type Values = ReturnType<typeof parseLoopArguments<typeof OPTIONS>>["values"];

/** `ztl export`. Returns the exit status. */
export async function exportCase(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseLoopArguments(args, OPTIONS);
  if (await helped(values, EXPORT_HELP)) return 0;
  const { conversation, run, out, config, json } = values;
  if (positionals.length > 0 || (conversation === undefined) === (run === undefined))
    throw new UsageError("give one of --conversation and --run");
  if (out === undefined) throw new UsageError("--out says where the case goes");
  return withLoop(config, async (loop) => {
    const query = await queryOf(loop, values);
    const made = query && (await loop.records.exportCase(query));
    if (made === undefined) {
      await writeAll(process.stderr, "Nothing is recorded about that; ztl runs lists what is.\n");
      return LoopStatus.notFound;
    }
    const { text, ...counts } = made;
    write(out, text);
    if (json) await printJson({ file: out, ...counts });
    else await writeAll(process.stdout, `${told(counts)} node ${JSON.stringify(out)} checks it.\n`);
    return 0;
  });
}

async function queryOf(loop: ZeroTrustLoop, { conversation = "", agent, run }: Values): Promise<CaseQuery | undefined> {
  if (run === undefined) return findConversation(loop, conversation, agent);
  const [runId, another] = await loop.records.idsOf(run);
  if (another !== undefined) throw new UsageError(`several runs begin with ${run}: write more of the id`);
  return runId === undefined ? undefined : { runId };
}

function told({ entries, contents, omitted }: { entries: number; contents: number; omitted: number }): string {
  const left = omitted === 0 ? "" : `, ${omitted} contents left out (too large, not kept any more, or damaged)`;
  return `${entries} entries and ${contents} contents${left}.`;
}

function write(file: string, text: string): void {
  try {
    writeNewFile(file, text, PRIVATE_FILE_MODE);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw new UsageError(`${file} is there already, and is not written over`);
    throw new UsageError(`${file} cannot be written: ${(error as Error).message}`);
  }
}
