export const COMMANDS = [
  "run",
  "doctor",
  "demo",
  "serve",
  "review",
  "reviewer",
  "approve",
  "reject",
  "revoke",
  "undo",
  "redo",
  "rebase",
  "breaker",
  "policy",
  "runs",
  "show",
  "timeline",
  "export",
  "replay",
  "ledger",
  "guard",
  "monitor",
  "proxy",
  "version",
  "help",
] as const;

export const HELP = `ztl - runs the tools of AI agents in micro-VMs, and lets nothing out that was not checked and approved

See it
  ztl demo                                  poisoned documents against an agent, without and with the loop

Run one program in its own micro-VM: no network, nothing written to this host
  ztl run [options] -- PROGRAM [ARG...]     run a program
  ztl run [options] --python CODE|FILE|-    run Python, warm (- reads the code from standard input)
  ztl run [options] --shell CODE            run a shell script
  ztl doctor [--json]                       what this host can do, what is missing, how to get it

Decide what an agent's calls may do (in a directory with a ztl.config.json)
  ztl serve                                 a page in the browser: what waits, diffs, runs, the ledger
  ztl review [ID]                           the same here: shows what waits, and asks
  ztl approve | reject | revoke | undo | redo ID     decide one thing
  ztl rebase ID                             lay changes over what the host's files are by now
  ztl reviewer add | list | revoke NAME     who may decide, and proves to be it
  ztl breaker status | open | close ID      stop agents at once, and let them go on
  ztl policy check | schema | init          who may do what, and why

Look back
  ztl runs, ztl show RUN                    recorded calls, found by many things, and what one of them did
  ztl timeline CONVERSATION                 one conversation, and where what went out came from
  ztl export                                a case for an auditor: entries, contents, proofs, verifier
  ztl replay RUN                            run one again, and compare byte for byte
  ztl ledger verify | tail | show | prove   the signed record of every step

Look at a text as the guard does
  ztl guard scan FILE|-                     control structures and secrets in it, in their places
  ztl guard explain RULE                    what a rule looks for, and why
  ztl guard templates check PATH...         which of a model's own tokens and turns it would not find

Watch what an agent does
  ztl monitor calibrate --runs FILE         how well recorded runs that obeyed an injection are told from others
  ztl monitor show RUN                      what it said of each outward call of a run's conversation

Stand between any framework and its model server
  ztl proxy --upstream URL                  tool results in prompts, tool calls in answers: looked at on their way

  ztl version

Each explains itself: ztl run --help, ztl review --help, …
`;

export const RUN_HELP = `ztl run [options] -- PROGRAM [ARG...]
ztl run [options] --python CODE|FILE|- [-- ARG...]
ztl run [options] --shell CODE [-- ARG...]

What the guest sees
  --mount HOST:GUEST[:ro|:overlay]  show a host directory or file at GUEST (repeatable). overlay, the default: the
                                    guest may write, into RAM; ro: it may not. The host's files never change.
  --env NAME=VALUE | --env NAME     set a variable, or pass this host's (repeatable); nothing else is passed on
  --cwd DIR                         working directory (default: the first mounted directory, else /home/agent)
  --python-program PATH             the host's Python that guests see, taken as it is (default: the first python3 of PATH
                                    that no project, mount or other user can have put there; ztl doctor tells)
  -i, --stdin                       pass standard input, read to its end first

Limits (the run ends with status 124)
  --timeout TIME                    wall-clock time: 500ms, 30s, 2m (default 30s)
  --cpu-time TIME                   CPU time (default 30s)
  --memory SIZE                     guest memory: 256M, 1G (default 512M)
  --processes N                     processes and threads at once (default 64)
  --open-files N                    open files (default 1024)
  --max-changes SIZE                bytes written to files (default 256M)
  --max-output SIZE                 bytes of standard output and error (default 8M)

What the program asked of Linux
  --trace[=FILE]                    tell each system call, as strace does, on standard error or in FILE: names, arguments,
                                    results, times, processes; marked when ztl refuses or does not know it
  --trace-calls NAME[,NAME...]      only these: file, descriptor, network, process, memory, signal, ipc, time, other, or the
                                    name of a call (openat)
  --stats                           count calls, exits, page faults, and the time by call

Output
  --json                            print one JSON object: status, exitCode, stdout, stderr, timingsMs, changes, reads
  --raw                             do not defuse control sequences when standard output is a terminal
  -q, --quiet                       no summary of changed files (it is shown on a terminal only)

Exit status: the guest's own; 128+n when it was killed by signal n; 124 limit reached; 125 ztl failed;
126 program cannot be run; 127 program not found; 130 cancelled with Ctrl-C.
`;
