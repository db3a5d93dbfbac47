/** Bounds of the monitors: what an agent, a tool or a model sends is of any size, what is kept of it is not. */
export const ENTROPY_LIMITS = {
  /** Characters of one text (a request, a result) that are looked at; ten times the longest result of the recorded runs. */
  textCharacters: 256 * 1024,
  /** What a person said in one run that is kept, the newest. */
  requests: 64,
  /** Results of one run whose words are kept, the newest; the longest recorded run has 60 calls. */
  results: 256,
  /** Values inside the arguments of one call; further ones are not looked at. */
  argumentValues: 256,
  /** Levels of nesting inside arguments. */
  argumentDepth: 16,
  /** Words up to which an argument counts as a target (an address, a name, an amount) and not as prose. */
  targetWords: 8,
  /** Jobs and, per job, runs that a history keeps; the oldest go first. */
  jobs: 1024,
  runsPerJob: 64,
  /** Different values of one argument that a run of a history keeps. */
  valuesPerArgument: 64,
  /** Calls of one run that a history learns from. */
  callsPerRun: 1024,
} as const;
