import { runInGuest } from "../conformance/harness.ts";

/** Runs a program in a guest in this process, which the caller has pinned to a processor; prints its output. */
const [directory = "", program = "", ...args] = process.argv.slice(2);
const { ending, stdout, stderr } = runInGuest(directory, program, args);
if (ending !== "exit 0") throw new Error(`${ending}: ${stderr}`);
process.stdout.write(stdout);
