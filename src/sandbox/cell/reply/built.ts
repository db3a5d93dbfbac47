import { z } from "zod";
import type { KernelImage } from "../../../linux/index.ts";
import type { BuiltReply, ReplyFrame } from "../protocol.ts";
import { misbehaved } from "./fields.ts";

/*
 * What the cell that built a template says of it. It ran the host's own programs and nothing of an agent's; still, what it
 * says is stored, signed and given to every later cell.
 */

const whole = z.number().int().nonnegative();
/** Values of registers and flags as the personality keeps them: some are negative. */
const integer = z.number().int();
/** No name or variable of the host's comes near it (MAX_ARG_STRLEN, linux/binfmts.h). */
const text = z.string().max(131_072);
const bits = z.string().regex(/^\d{1,20}$/);
const list = <T extends z.ZodType>(item: T) => z.array(item).max(1_000_000);
/** JSON has no infinity: it arrives as null. */
const limit = z.number().nonnegative().nullable() as unknown as z.ZodType<number>;

const vma = z.strictObject({
  start: whole,
  end: whole,
  protection: whole,
  path: text.optional(),
  offset: whole.optional(),
  growsDown: z.boolean().optional(),
  lazy: z.boolean().optional(),
  name: text.optional(),
});

const task = z.strictObject({
  name: text,
  signalMask: bits,
  clearChildTid: whole,
  robustList: whole,
  altStack: z.strictObject({ base: whole, size: whole, flags: integer }),
});

const processImage = z.strictObject({
  pid: whole,
  rootTable: whole,
  vmas: list(vma),
  parked: list(z.tuple([whole, whole])),
  heapStart: whole,
  heapEnd: whole,
  arguments: z.strictObject({ start: whole, end: whole, environmentEnd: whole }),
  descriptors: list(z.tuple([whole, z.enum(["stdin", "job", "stdout", "stderr"]), z.boolean()])),
  cwd: text,
  umask: whole,
  executable: text,
  commandLine: list(text),
  environment: list(text),
  actions: list(z.strictObject({ signal: whole.max(64), handler: whole, flags: whole, restorer: whole, mask: bits })),
  limits: list(z.tuple([whole, z.strictObject({ soft: limit, hard: limit })])),
  task,
});

const kernelImage = z.strictObject({
  nextPid: whole,
  cache: list(z.tuple([text, list(z.tuple([whole, whole]))])),
  vdso: z.strictObject({ codePage: whole, dataPage: whole }),
  annex: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  process: processImage.optional(),
});

/** Host paths are absolute; a template reads some hundred. */
const builtReply = z.strictObject({
  type: z.literal("built"),
  kernel: kernelImage,
  reads: z
    .array(
      z
        .string()
        .max(4096)
        .regex(/^\/[^\0]*$/),
    )
    .max(100_000),
});

/** Throws ZtlError `cell-misbehaved`. */
export function builtOf(header: ReplyFrame["header"]): BuiltReply {
  const result = builtReply.safeParse(header);
  if (result.success) return { ...result.data, kernel: result.data.kernel as KernelImage };
  const [issue] = result.error.issues;
  return misbehaved(`a template's ${issue?.path.slice(0, 6).join(".")}: ${issue?.message.slice(0, 200)}`);
}
