/** Everything that a door refuses, with words in it: none of them may come back in the refusal or stay anywhere. */
import type { Answer } from "../open-doors.ts";
import type { CanaryStage } from "./canary-stage.ts";

export async function refuseEverything(stage: CanaryStage): Promise<void> {
  const { words } = stage;
  const wrong = (text: string): Promise<Answer> => stage.daemon.hook("alerts", stage.hookSecret, text);
  stage.note("refused: a body that is no JSON", await wrong(`{"id": "${words.in("a broken body")}`));
  stage.note(
    "refused: a body with a key too many",
    await wrong(JSON.stringify({ [words.in("an unknown key")]: words.in("its value") })),
  );
  const base64 = {
    id: "1",
    conversation: stage.room,
    sender: stage.person,
    attachments: [{ name: "a", mime: "b", data: `!${words.in("bad base64")}` }],
  };
  stage.note("refused: a bad attachment", await wrong(JSON.stringify(base64)));
  stage.note(
    "refused: a wrong signature",
    await stage.daemon.hook("alerts", words.in("a guessed secret"), { id: words.in("an unsigned id") }),
  );
  stage.note(
    "refused: an unknown channel",
    await stage.daemon.hook(words.in("an unknown channel"), stage.hookSecret, { id: words.in("an id for it") }),
  );
  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
  stage.note(
    "refused: a wrong token",
    await stage.daemon.http({ path: "/v1/runs", headers: bearer(words.in("a wrong token")) }),
  );
  stage.note(
    "refused: a token in the URL",
    await stage.daemon.http({ path: `/v1/runs?token=${words.in("a token in a URL")}` }),
  );
  stage.note(
    "refused: an unknown path",
    await stage.daemon.http({ path: `/v1/${words.in("an unknown path")}`, headers: bearer(stage.tokens.auditor) }),
  );
  stage.note(
    "refused: a wrong host",
    await stage.daemon.http({
      path: "/v1/runs",
      headers: { ...bearer(stage.tokens.auditor), host: `${words.in("a host")}.example` },
    }),
  );
  stage.note(
    "refused: a wrong origin",
    await stage.daemon.http({
      path: "/v1/runs",
      headers: { ...bearer(stage.tokens.auditor), origin: `https://${words.in("an origin")}.example` },
    }),
  );
  stage.note(
    "refused: a strange header",
    await stage.daemon.http({
      path: "/healthz",
      headers: { "x-request-id": words.in("a header"), "user-agent": words.in("an agent's header") },
    }),
  );
  stage.note(
    "refused: a strange verb",
    await stage.daemon.raw(words.in("a verb"), { [words.in("a verb's key")]: words.in("a verb's value") }),
  );
  stage.note(
    "refused: a strange query",
    await stage.daemon.http({
      path: `/v1/ledger/entries?${words.in("a query")}=1`,
      headers: bearer(stage.tokens.auditor),
    }),
  );
}
