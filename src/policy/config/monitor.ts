import { z } from "zod";
import { LEARN_AFTER_MS_MAX, MONITOR_BITS_MAX } from "../limits.ts";

/** Monitors of what agents do; each is off unless it is named. As one writes it; a test compares it with the schema. */
export interface MonitorConfig {
  /** Judges each call of a tool whose effect is outward before it is made. */
  readonly actions?: ActionsMonitorConfig;
}

export interface ActionsMonitorConfig {
  /** A file that `ztl monitor calibrate --json` wrote. */
  readonly calibration: string;
  /** What an alarm does: a person is asked (the default), or the breaker is opened. */
  readonly onAlarm?: "ask" | "sever";
  /** From so many bits on the breaker is opened, whatever `onAlarm` says. */
  readonly severAboveBits?: number;
  /** How long after its last step a conversation teaches what is usual, if nobody has anything against it. Default: an hour. */
  readonly learnAfterMs?: number;
}

export const monitorSchema = z
  .strictObject({
    actions: z
      .strictObject({
        calibration: z
          .string()
          .min(1)
          .refine((value) => !value.includes("\0"), "must not contain a NUL character")
          .describe("A file that ztl monitor calibrate --json wrote. A relative path begins at this file's directory."),
        onAlarm: z
          .enum(["ask", "sever"])
          .optional()
          .describe("What an alarm does. ask (the default): a person is asked. sever: the breaker is opened."),
        severAboveBits: z
          .number()
          .min(-MONITOR_BITS_MAX)
          .max(MONITOR_BITS_MAX)
          .optional()
          .describe("From so many bits of evidence on the breaker is opened, whatever onAlarm says."),
        learnAfterMs: z
          .number()
          .int()
          .min(0)
          .max(LEARN_AFTER_MS_MAX)
          .optional()
          .describe(
            "How long after its last step a conversation teaches what is usual, if nobody has anything against it, in milliseconds. Default: an hour.",
          ),
      })
      .optional()
      .describe("Judges each call of a tool whose effect is outward before it is made."),
  })
  .describe("Monitors of what agents do. Each is off unless it is named.");
