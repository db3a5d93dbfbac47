import { z } from "zod";

/** Walls around the micro-VMs of a configuration's tools, by the names that a sandbox has for them; a test compares the two. */

const demand = (what: string) => z.enum(["required", "preferred"]).optional().describe(what);

/** `required`: on a host that cannot put that wall up, tools do not run. `preferred`, or not named: where it can be had. */
export const isolationSchema = z
  .strictObject({
    user: demand("A user namespace: no rights over anything outside."),
    mount: demand("A file tree that holds only what the guest is shown and what the micro-VM itself needs."),
    pid: demand("A pid namespace: no other process of the host can be named."),
    network: demand("A network namespace without any interface."),
    ipc: demand("An IPC namespace: no shared memory or message queues of the host's."),
    uts: demand("A host name of its own."),
    cgroup: demand("A cgroup namespace: the host's groups cannot be named."),
    landlock: demand(
      "Landlock (Linux 5.13 and newer): files are opened only to be read, and only what the guest is shown.",
    ),
    resources: demand("A control group that bounds memory, processes and processor time of each micro-VM's process."),
    uid: demand("A user of its own that owns nothing on the host, where root starts it."),
    kvm: demand("The micro-VM itself; nothing runs without one on any host."),
    seccomp: demand("A list of the system calls that pass; stands on every host."),
    capabilities: demand("No capabilities, even when root starts it; stands on every host."),
    limits: demand("Resource limits (setrlimit(2)) on the micro-VM's process; stand on every host."),
  })
  .describe(
    "Which walls must stand around each micro-VM. required: where this host cannot put it up, no tool runs. preferred, or not named: it is put up where the host can. `ztl doctor` tells what this host has.",
  );
