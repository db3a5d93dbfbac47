import { z } from "zod";
import { grantsSchema, parseHostName } from "../../egress/index.ts";
import { EGRESS_NAMES_MAX, EGRESS_QUOTA_BOUNDS } from "../limits.ts";

/** Ways out of tools, and what narrows them. */

export const toolEgress = grantsSchema
  .optional()
  .describe(
    "Hosts that the tool may connect to, by name and TCP port. Default: none; the guest has no network. A tool with any acts outward, and its runs cannot be repeated.",
  );

export const narrowingEgress = grantsSchema
  .optional()
  .describe(
    "Hosts that may be connected to at all: a tool's own grants hold as well, and a connection must be allowed by both. Default: as the tool says.",
  );

const hostName = z.string().refine((text) => parseHostName(text) === text, "must be a host's name in lower case");
const quota = ({ max }: { readonly max: number }): z.ZodOptional<z.ZodNumber> =>
  z.number().int().min(0).max(max).optional();

export const egressSchema = z
  .strictObject({
    names: z
      .record(hostName, z.array(z.union([z.ipv4(), z.ipv6()])).max(32))
      .refine((names) => Object.keys(names).length <= EGRESS_NAMES_MAX, `${EGRESS_NAMES_MAX} names are the most`)
      .optional()
      .describe(
        "Addresses of names that the host's resolver is not asked for, as in /etc/hosts. What they are is checked as that of any other.",
      ),
    quotas: z
      .strictObject({
        liveConnections: quota(EGRESS_QUOTA_BOUNDS.liveConnections).describe("Connections of one run at once."),
        connections: quota(EGRESS_QUOTA_BOUNDS.connections).describe("Connections of one run."),
        bytesOut: quota(EGRESS_QUOTA_BOUNDS.bytesOut).describe("Bytes that one run may send."),
        bytesIn: quota(EGRESS_QUOTA_BOUNDS.bytesIn).describe("Bytes that one run may receive."),
      })
      .optional()
      .describe("What one run may use of the network."),
  })
  .describe("How the ways out of tools work.");
