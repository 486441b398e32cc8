/** The models of a configuration with their keys in the vault, and the agents that can drive a run. */
import { butler } from "./agents/butler.ts";
import { modelAgent } from "./agents/model.ts";
import { type ModelEntry, profileOf } from "./config/models.ts";
import type { Config } from "./config.ts";
import type { AgentDriver } from "./core/agent.ts";
import { TENANT_DEFAULT } from "./core/ids.ts";
import type { ModelPort } from "./core/model.ts";
import type { Store } from "./core/ports.ts";
import type { CheckedHttp } from "./edge/http.ts";
import { HttpModels } from "./edge/models.ts";
import { grantPermit } from "./gateway/permit.ts";
import { hashing } from "./store/hashing.ts";

export const modelsOf = (entries: readonly ModelEntry[], store: Store, http: CheckedHttp): ModelPort =>
  new HttpModels(entries.map(profileOf), {
    http,
    withKey: (secret, use) => {
      const permit = grantPermit({ by: "gateway", why: "send" }, "secret", "model.key", []);
      return store.useSecret(permit, TENANT_DEFAULT, secret, (bytes) => use(hashing.text(bytes).trim()));
    },
  });

/** The butler is always there, also as the one that stands in for a model. */
export const driversOf = ({ models }: Pick<Config, "models">): readonly AgentDriver[] =>
  models.some(({ use }) => use.includes("agent")) ? [butler, modelAgent(butler)] : [butler];
