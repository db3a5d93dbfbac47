import type { SandboxTool, ToolConfig } from "./config/schema.ts";
import type { Consideration } from "./decision.ts";
import type { NameList } from "./names.ts";
import type { Taint } from "./taint.ts";

/** The rules that can make a granted call ask. Each says its outcome for one call; none can make another laxer. */

export interface GrantedCall {
  readonly role: string;
  readonly roleAsk: NameList;
  readonly name: string;
  readonly tool: ToolConfig;
  readonly taint: Taint;
}

export type Rule = (call: GrantedCall) => Consideration;

function roleAsk({ role, roleAsk, name }: GrantedCall): Consideration {
  const rule = `roles.${role}.ask`;
  if (!roleAsk.has(name)) return { rule, outcome: "does-not-apply", why: `It does not list ${name}.` };
  return { rule, outcome: "asks", why: `A person must agree before the role ${role} uses ${name}.` };
}

function toolAsk({ name, tool, taint }: GrantedCall): Consideration {
  const rule = `tools.${name}.ask`;
  switch (tool.ask) {
    case "never":
      return { rule, outcome: "does-not-apply", why: "It is never." };
    case "always":
      return { rule, outcome: "asks", why: `A person must agree before ${name} is used.` };
    case "when-tainted":
      return taint.isUntrusted
        ? { rule, outcome: "asks", why: `A person must agree: the conversation holds untrusted content.` }
        : { rule, outcome: "does-not-apply", why: "The conversation holds no untrusted content." };
  }
}

/**
 * Untrusted input, private access and an outward effect never come together without a person: whoever wrote the input could
 * have what is private sent out. Each two of them are fine.
 */
function ruleOfTwo({ name, tool, taint }: GrantedCall): Consideration {
  const mounts = mountsOf(tool);
  const held = [
    { what: "untrusted input", is: taint.isUntrusted || mounts.some(({ trust }) => trust === "untrusted") },
    {
      what: "private access",
      is:
        taint.isPrivate ||
        mounts.some(({ confidentiality }) => confidentiality === "private") ||
        tool.output.confidentiality === "private",
    },
    { what: "an outward effect", is: tool.effect === "outward" },
  ];
  const present = held.filter(({ is }) => is).map(({ what }) => what);
  const rule = "rule-of-two";
  if (present.length < held.length)
    return { rule, outcome: "does-not-apply", why: `This call has ${present.join(" and ") || "none of the three"}.` };
  const why = `A person must agree: ${name} would bring together untrusted input, private access and an outward effect.`;
  return { rule, outcome: "asks", why };
}

function mountsOf(tool: ToolConfig): SandboxTool["mounts"] {
  return tool.external ? [] : tool.mounts;
}

/** Whether what the tool returns is private when nothing else is said: when it can see something private. */
export function outputConfidentiality(tool: ToolConfig): "public" | "private" {
  if (tool.output.confidentiality !== undefined) return tool.output.confidentiality;
  return mountsOf(tool).some(({ confidentiality }) => confidentiality === "private") ? "private" : "public";
}

export const ASKING_RULES: readonly Rule[] = [roleAsk, toolAsk, ruleOfTwo];
