import { anyCase, literals, type Rule, shapedAnyCase, type Trigger } from "../rule.ts";

const word = (text: string): Trigger => ({ text, anyCase: true });

/** System commands. READMEs are full of them, so most only count beside a control structure (see `escalate`). */
export const COMMAND_RULES: readonly Rule[] = [
  {
    id: "command.reverse-shell",
    family: "command",
    severity: "medium",
    meaning: "Connects a shell to a remote host.",
    reason: "contains a reverse shell command",
    patterns: [
      ...literals("bash -i >& /dev/tcp/", "bash -i >&/dev/tcp/", "sh -i >& /dev/tcp/", "0<&196;exec 196<>/dev/tcp/"),
      ...literals("nc -e /bin/", "ncat -e /bin/", "nc -c /bin/", "|/bin/sh -i 2>&1|nc ", "| /bin/sh -i 2>&1 | nc "),
    ],
  },
  {
    id: "command.encoded-powershell",
    family: "command",
    severity: "medium",
    meaning: "PowerShell with its script in base64.",
    reason: "contains an encoded PowerShell command",
    patterns: shapedAnyCase("encoded-command", "-enc", "-encodedcommand", "-ec"),
  },
  {
    id: "command.pipe-to-shell",
    family: "command",
    severity: "info",
    meaning: "Downloads or decodes something and runs it.",
    reason: "pipes a download into a shell",
    patterns: [
      {
        kind: "sequence",
        leads: [word("curl "), word("wget "), word("base64 -d"), word("base64 --decode")],
        follows: ["| sh", "|sh", "| bash", "|bash", "| sudo", "| python", "|python"].map(word),
        withinBytes: 256,
      },
    ],
  },
  {
    id: "command.credential-read",
    family: "command",
    severity: "info",
    meaning: "Reads keys, tokens or cloud instance credentials.",
    reason: "mentions a credential file or endpoint",
    patterns: anyCase(
      "cat ~/.ssh/",
      "cat ~/.aws/credentials",
      "cat /etc/shadow",
      ".ssh/id_rsa",
      ".ssh/id_ed25519",
      "169.254.169.254",
      "metadata.google.internal",
      "/proc/self/environ",
    ),
  },
  {
    id: "command.destructive",
    family: "command",
    severity: "info",
    meaning: "Removes or overwrites whole trees, or loads code into every program.",
    reason: "contains a destructive command",
    patterns: literals("rm -rf /", "rm -rf ~", "mkfs.", "dd if=/dev/zero of=/dev/", "LD_PRELOAD="),
  },
];
