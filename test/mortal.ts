/** Processes of tests that end with the test, also when that is killed and can end nothing any more. */
import { existsSync } from "node:fs";

const SETPRIV = "/usr/bin/setpriv";

/** A command line whose process gets SIGKILL when its parent is gone, where the system can do that (Linux). */
export const mortal = ([program = "", ...args]: readonly string[]): readonly [string, ...string[]] =>
  existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", "--", program, ...args] : [program, ...args];
