/** The descriptors a cell's process begins with; every higher one is closed. */
export const Descriptor = {
  channel: 3,
  /** The memory image it loads, or the file a template is written to. */
  memory: 4,
  kvm: 5,
  /** Landlock's rules; closed before the program is executed, as is the next. */
  ruleset: 6,
  report: 7,
  /** The members of the control group it joins; closed like the rules. */
  group: 8,
  /** The user namespace it enters; closed like the rules. */
  user: 9,
  /** By which a cell gets the files of a layer, with the request of the run that is to see it. */
  layers: 10,
  firstOther: 11,
} as const;
