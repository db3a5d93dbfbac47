import type { Attack } from "../attack.ts";
import { leaveTraces } from "./traces.helper.ts";

export const attack: Attack = {
  promise: 8,
  must: "Directory, mask, environment and limits of a run are not the next one's.",
  needs: ["kvm", "python"],
  hardware: true,
  run: (stage) =>
    leaveTraces(stage, {
      leave:
        "os.chdir('/dev'); os.umask(0); os.environ['TRACE'] = '1'; resource.setrlimit(resource.RLIMIT_NOFILE, (17, 17)); resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)); libc.putenv(b'TRACE=1')",
      look: "print(os.getcwd(), os.umask(0), sorted(os.environ), [resource.getrlimit(i) for i in range(16)], os.popen('env | sort').read())",
    }),
};
