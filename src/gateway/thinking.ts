/** What a run's own model may be asked, and with which tools; the hands of a driver that thinks. */
import { z } from "zod";
import type { RunHandle } from "../core/agent.ts";
import type { RunId } from "../core/ids.ts";
import type { ModelTool } from "../core/model.ts";
import { Refusal } from "../core/refusal.ts";
import { deadlineOf } from "../core/run.ts";
import { askerOf, contextOf } from "./asker.ts";
import type { Invoking } from "./invoke.ts";
import { askModel, modelFor } from "./model-call.ts";

export function thinking(invoking: Invoking, id: RunId): Pick<RunHandle, "think" | "tools"> {
  const { powers } = invoking;
  const profile = modelFor(powers, "agent");
  if (profile === null) return {};
  return {
    tools: () => toolsOf(invoking),
    think: (ask) => {
      const run = powers.store.get("run", id)?.value;
      if (run === undefined) return Promise.reject(new Refusal("not_found"));
      // Everything that this run was shown may be in the question.
      const label = contextOf(askerOf(powers, run));
      return askModel(powers, {
        run: id,
        profile,
        capability: "none",
        label,
        ask,
        deadline: deadlineOf(run),
        short: "fail",
      });
    },
  };
}

/** The catalogue as tools; `message.summarize` is called `message_summarize`, as over MCP (CONTRACT section 13). */
const toolsOf = ({ catalogue, isOn }: Invoking): readonly ModelTool[] =>
  [...catalogue.manifests.values()]
    .filter(({ id }) => id !== "request.read" && isOn(id))
    .map(({ id, title, input }) => ({
      name: id.replace(".", "_"),
      description: title,
      input: z.toJSONSchema(input, { io: "input", reused: "inline", unrepresentable: "any" }),
    }));
