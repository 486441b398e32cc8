/** `http.request`: judged here, asked of a person where the rules say so, carried out in http-perform.ts. */

import type { Decision } from "../../policy/decide.ts";
import type { Canonical } from "../core/canonical.ts";
import type { Manifest } from "../core/capability.ts";
import type { HttpHost } from "../core/http.ts";
import { newId } from "../core/ids.ts";
import { joinAll, type Label, TENANT_MIXED } from "../core/label.ts";
import { HTTP_BODY_BYTES_MAX, HTTP_URL_CHARS_MAX } from "../core/limits.ts";
import { Refusal } from "../core/refusal.ts";
import type { Source } from "../core/value.ts";
import { askedBy } from "./asked-by.ts";
import { contextOf, judge, refusalBy, requestOf } from "./asker.ts";
import { assertDeclared, isGranted, placeOf, type Wanted } from "./broker.ts";
import type { Asked, Doing, Handler } from "./call.ts";
import type { Catalogue } from "./capabilities.ts";
import { sendNow } from "./http-perform.ts";
import { bodyTexts, HttpInput, HttpOutput, type Prepared, prepared, shownRequest, slotsOf } from "./http-shape.ts";
import { assertNoSecret } from "./leaks.ts";
import type { Powers } from "./powers.ts";
import { freshOf, valuesOf } from "./speak.ts";
import { matterOf, standingFor, useStanding } from "./standing.ts";
import { fieldOf, handlesOf, type Piece, parseTemplate, renderValue } from "./template.ts";

export const HTTP_MANIFEST: Manifest = {
  id: "http.request",
  version: 1,
  title: "Ask a web address on the owner's list; the answer's text is a handle",
  effect: "once",
  egress: "http",
  input: HttpInput,
  output: HttpOutput,
  tier: "A",
  cost: { steps: 1, egress_bytes: HTTP_BODY_BYTES_MAX + 4 * HTTP_URL_CHARS_MAX },
  risk: "high",
  off: true,
};

/** What a person says yes to, and what is sent after it. */
export type HttpCall = {
  readonly kind: "http";
  readonly prepared: Prepared;
  readonly host: HttpHost;
  readonly secrets: readonly Wanted[];
  readonly label: Label;
  readonly sources: readonly Source[];
  readonly rule: string;
};

/** The owner's line for this host, port and method; `http.unlisted` when there is none. */
function hostOf(powers: Powers, { origin, method }: Prepared): HttpHost {
  const url = new URL(origin);
  const plain = url.protocol === "http:";
  const port = url.port === "" ? (plain ? 80 : 443) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const found = (powers.settings.httpHosts ?? []).find(
    (it) => it.host === host && it.port === port && it.plain === plain && it.methods.includes(method),
  );
  if (found === undefined) throw new Refusal("http.unlisted", { field: "url" });
  return found;
}

/** Braces of a secret are left for later; those of a value are filled in now. */
const SECRET_PLACE = /\{\{secret:[a-z0-9_.-]{1,63}\}\}/g;

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(SECRET_PLACE)) {
    pieces.push(...parseTemplate(text.slice(at, match.index)), { text: match[0] });
    at = match.index + match[0].length;
  }
  return [...pieces, ...parseTemplate(text.slice(at))];
}

type Rendered = Pick<HttpCall, "prepared" | "label" | "sources">;

/** Values in the body are filled in as they are, persons stay tokens: web addresses never get names. */
async function rendered(powers: Powers, catalogue: Catalogue, doing: Doing): Promise<Rendered> {
  const { asker } = doing;
  const input = doing.input as HttpInput;
  const handles = handlesOf(bodyTexts(input).flatMap(piecesOf));
  const said = await freshOf(powers, catalogue, doing, valuesOf(powers, asker, handles));
  const outputs = new Map(said.map(({ value, output }) => [value.handle, output]));
  const render = (text: string): string =>
    piecesOf(text)
      .map((piece) => ("text" in piece ? piece.text : renderValue(fieldOf(outputs.get(piece.handle), piece.field))))
      .join("");
  const label = joinAll([contextOf(asker), ...said.map(({ value }) => value.label)]);
  return { prepared: prepared(input, render), label, sources: said.flatMap(({ value }) => value.sources) };
}

/** Hard edges that no rule and no yes can move. */
function assertFlows({ asker }: Doing, label: Label): void {
  if (label.tenant === TENANT_MIXED || (label.tenant !== "-" && label.tenant !== asker.run.tenant))
    throw new Refusal("label.mixed");
  if ((label.cats & ~CONTENT_CEILING) !== 0) throw new Refusal("label.flow", { field: "categories" });
  if (label.audience !== "*" && label.audience.length === 0) throw new Refusal("label.flow", { field: "audience" });
}
const CONTENT_CEILING = 15;
/** Beyond it a person releases exactly these bytes to exactly this place, or nothing goes. */
const DERIVED_CEILING = 3;

/** Is every control argument in the owner's own words: host, method and path? A query is the agent's. */
const isConfigured = (host: HttpHost, { path, query, headers }: Prepared): boolean =>
  host.paths.includes(path) &&
  query.length === 0 &&
  Object.keys(headers).every(
    (name) => HARMLESS.has(name) || host.secrets.some(({ slot }) => slot === `header:${name}`),
  );
const HARMLESS: ReadonlySet<string> = new Set(["accept", "accept-language"]);

function judged(
  powers: Powers,
  doing: Doing,
  host: HttpHost,
  label: Label,
  action: "egress" | "secret",
  control: "configured" | "shown",
): Decision {
  const about = {
    action,
    capability: doing.manifest.id,
    effect: doing.manifest.effect,
    destination: "http",
    listed: "listed",
    host: host.host,
    control,
    released: (label.cats & ~DERIVED_CEILING) === 0 ? "unreleased" : "released",
  } as const;
  // A secret is used by name: what the run was told has no part in it.
  return judge(powers, requestOf(powers, doing.asker, about, action === "secret" ? { ...label, cats: 0 } : label));
}

export const httpRequest =
  (powers: Powers, catalogue: Catalogue): Handler =>
  async (doing) => {
    if (powers.http === undefined) throw new Refusal("capability.disabled");
    const made = await rendered(powers, catalogue, doing);
    const host = hostOf(powers, made.prepared);
    const wanted = assertDeclared(powers, host, slotsOf(made.prepared));
    const shown = shownRequest(made.prepared);
    assertNoSecret(powers, shown);
    assertFlows(doing, made.label);
    const control = isConfigured(host, made.prepared) ? "configured" : "shown";
    const decision = judged(powers, doing, host, made.label, "egress", control);
    if (decision.effect === "deny") throw refusalBy(decision);
    const uses = wanted.map(() => judged(powers, doing, host, made.label, "secret", control));
    const refused = uses.find(({ effect }) => effect === "deny");
    if (refused !== undefined) throw refusalBy(refused);
    const call: HttpCall = { kind: "http", ...made, host, secrets: wanted, rule: decision.rule };
    const isNew = wanted.some((it) => !isGranted(powers, doing.manifest.id, placeOf(host), it));
    // The world is outside every audience: what came from a conversation goes there by a person's yes alone.
    const isPrivate = made.label.audience !== "*";
    const isAsked = decision.effect === "ask" || uses.some(({ effect }) => effect === "ask") || isNew || isPrivate;
    // What only a release lets out, what a second person sees, and what carries a secret, is asked each time.
    const isAlike =
      (made.label.cats & ~DERIVED_CEILING) === 0 &&
      wanted.length === 0 &&
      decision.fourEyes !== true &&
      !powers.settings.fourEyes;
    const { method, origin, path, query, headers } = made.prepared;
    const place = { method, origin, path, query: query.map(([name, value]) => [name, value]), headers: { ...headers } };
    const matter = matterOf(powers, doing, place, made.label);
    const standing = isAlike && doing.planned !== true ? standingFor(powers, matter) : null;
    if (standing !== null)
      return sendNow(powers, doing, call, newId("Handle", powers.random.bytes(16)), (draft) =>
        useStanding(powers, draft, doing, standing, matter),
      );
    if (isAsked || doing.planned === true || control !== "configured")
      return ask(powers, decision, call, shown, { isNew, isPrivate, ...(isAlike ? { standing: place } : {}) });
    return sendNow(powers, doing, call, newId("Handle", powers.random.bytes(16)));
  };

function ask(
  powers: Powers,
  decision: Decision,
  call: HttpCall,
  shown: string,
  why: { readonly isNew: boolean; readonly isPrivate: boolean; readonly standing?: Canonical },
): Asked {
  const { host, secrets, label, sources } = call;
  const names = [...new Set(secrets.map(({ name }) => name))].join(", ");
  const first = why.isNew ? ` It is the first use of ${names} there.` : "";
  const because =
    decision.effect === "ask"
      ? decision.because
      : why.isPrivate
        ? "What it holds came from a conversation."
        : isConfigured(host, call.prepared)
          ? decision.because
          : "The agent chose this address itself.";
  return {
    ask: {
      ...askedBy(powers, decision),
      because: `${because}${first}`,
      destination: placeOf(host),
      label,
      rendered: shown,
      domains: [host.host],
      what: `send this request to ${host.host}${names === "" ? "" : `, with the secret ${names}`}`,
      sources,
      ...(why.standing === undefined ? {} : { standing: why.standing }),
      stored: call,
    },
  };
}
