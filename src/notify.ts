/** Tells the service manager how we are (sd_notify(3)), through its own program: Node has no sockets for it. */
import type { Environment } from "./config/environment.ts";
import type { Clock } from "./core/ports.ts";

export type Notifying = {
  /** Up and answering; from now on the watchdog hears of us as well. */
  ready(words: string): void;
  stopping(): void;
};

const MICROSECONDS_A_MS = 1000;

/**
 * Does nothing unless a service manager asked: NOTIFY_SOCKET, and WATCHDOG_USEC for a sign of life twice in that time.
 * `run` starts `systemd-notify` with these arguments.
 */
export function notifying(env: Environment, clock: Clock, run: (args: readonly string[]) => void): Notifying {
  const isAsked = (env["NOTIFY_SOCKET"] ?? "") !== "";
  const watchdogMs = Number(env["WATCHDOG_USEC"] ?? 0) / MICROSECONDS_A_MS;
  let forget = (): void => {};
  const live = (): void => {
    forget = clock.at(clock.now() + watchdogMs / 2, () => {
      run(["WATCHDOG=1"]);
      live();
    });
  };
  return {
    ready: (words) => {
      if (!isAsked) return;
      run(["--ready", `--status=${words}`]);
      if (Number.isFinite(watchdogMs) && watchdogMs >= 1) live();
    },
    stopping: () => {
      forget();
      if (isAsked) run(["STOPPING=1"]);
    },
  };
}
