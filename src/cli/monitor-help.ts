export const MONITOR_HELP = `ztl monitor calibrate --runs FILE [--apart FILE] [--rate SHARE] [--json]
ztl monitor show RUN [--config FILE] [--json]

calibrate  Fits the monitor of actions to recorded runs of agents, and says how well it tells those that obeyed an injection from those that
nobody attacked: for each model by a fit that saw no run of it, with and without earlier runs of the same job.

  --runs FILE    JSON lines, gzipped or not; each a run: { id, model, suite, userTask, injectionTask, attackSucceeded, task,
                 steps: [{ calls: [{ name, args, result }] }] }
  --apart FILE   runs of the same form that are judged only: no fit and no history knows them
  --rate SHARE   benign runs that may be stopped: what the fitted threshold is set to (default 0.01)
  --json         one JSON object: weights, curve, table, misses, false alarms, what each feature is worth. Written to a file it is
                 what monitor.actions.calibration of a configuration names, which turns the monitor on

show       Draws what the monitor said of each outward call in the conversation of a run: how many bits, the band in which the
agent's other calls were, where an alarm begins, and what was decided. RUN is an id, or its beginning.

Exit status: 0; of show 5 when there is no such run.
`;
