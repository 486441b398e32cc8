/** Builds the reference monitor from its powers: what may be asked, who carries it out, what happens around it. */

import type { InvocationReply } from "../core/agent.ts";
import type { CapabilityId } from "../core/capability.ts";
import type { CallId } from "../core/ids.ts";
import type { Transform } from "../core/transform.ts";
import { answerByEvent, takenBack } from "./answers.ts";
import { askPeople } from "./ask.ts";
import { EXTRACT_MANIFEST, extractText } from "./attachments.ts";
import type { Handler } from "./call.ts";
import { type Catalogue, catalogueOf } from "./capabilities.ts";
import { Drives } from "./drive.ts";
import { Followups } from "./followups.ts";
import type { Handlers } from "./handlers.ts";
import { HTTP_MANIFEST, httpRequest } from "./http-request.ts";
import { answerWord, changed } from "./inbound.ts";
import type { Invoking } from "./invoke.ts";
import { conversationList, messageList, requestRead } from "./lists.ts";
import { memoryNote, memoryRecall } from "./notes.ts";
import { Pairing } from "./pairing.ts";
import { planPropose } from "./plan.ts";
import type { Powers } from "./powers.ts";
import { readerHandler } from "./readers.ts";
import { Rejections } from "./rejections.ts";
import { scheduleFollowup } from "./schedule.ts";
import { runSpawn } from "./spawn.ts";
import { chatReply, chatSend } from "./speak.ts";
import { Supervisor } from "./supervise.ts";
import { Walls } from "./walls.ts";

export type Gateway = {
  readonly powers: Powers;
  readonly catalogue: Catalogue;
  readonly invoking: Invoking;
  readonly drives: Drives;
  readonly supervisor: Supervisor;
  readonly pairing: Pairing;
  readonly rejections: Rejections;
  readonly walls: Walls;
};

/** Throws `capability.schema` when an output is wider than its tier: such a program does not start. */
export function buildGateway(powers: Powers, transforms: readonly Transform[]): Gateway {
  const more = [
    ...(powers.http === undefined ? [] : [HTTP_MANIFEST]),
    ...(powers.files === undefined ? [] : [EXTRACT_MANIFEST]),
  ];
  const catalogue = catalogueOf(transforms, more);
  const rejections = new Rejections(powers.settings.senderEventsPerMinute);
  const pairing = new Pairing(powers);
  const invoking: Invoking = {
    powers,
    catalogue,
    handlers: handlersOf(powers, catalogue),
    isOn: (id) => isOn(powers, catalogue, id),
    askPeople: (draft, doing, ask) => askPeople(powers, draft, doing, ask),
    open: new Map<CallId, Promise<InvocationReply>>(),
  };
  const drives = new Drives(invoking);
  const handlers: Handlers = {
    answer: (draft, event, conversation, principal) => answerByEvent(powers, draft, event, conversation, principal),
    word: (draft, word, event, conversation, principal) =>
      answerWord(powers, draft, word, event, conversation, principal),
    pair: (draft, event) => pairing.claim(draft, event),
    unknown: (draft, event, principal) => pairing.askOwner(draft, event, principal),
    changed: (draft, message, how) => changed(powers, draft, message, how),
    takenBack: (draft, id) => takenBack(powers, draft, id),
  };
  const followups = new Followups(
    powers,
    () => isOn(powers, catalogue, "schedule.followup"),
    (run) => drives.drive(run, "schedule"),
  );
  const supervisor = new Supervisor(powers, catalogue, drives, handlers, rejections, followups);
  return { powers, catalogue, invoking, drives, supervisor, pairing, rejections, walls: new Walls(powers) };
}

function handlersOf(powers: Powers, catalogue: Catalogue): ReadonlyMap<CapabilityId, Handler> {
  const handlers = new Map<CapabilityId, Handler>([
    ["conversation.list", conversationList(powers)],
    ["message.list", messageList(powers)],
    ["request.read", requestRead(powers)],
    ["chat.reply", chatReply(powers, catalogue)],
    ["chat.send", chatSend(powers, catalogue)],
    ["schedule.followup", scheduleFollowup(powers, catalogue)],
    ["run.spawn", runSpawn(powers, catalogue)],
    ["memory.note", memoryNote(powers, catalogue)],
    ["memory.recall", memoryRecall(powers)],
  ]);
  if (powers.http !== undefined) handlers.set("http.request", httpRequest(powers, catalogue));
  if (powers.files !== undefined) handlers.set("attachment.extract_text", extractText(powers, powers.files));
  for (const reader of catalogue.readers.values()) handlers.set(reader.id, readerHandler(powers, reader));
  const { manifests } = catalogue;
  handlers.set("plan.propose", planPropose(powers, { manifests, handlers, isOn: (id) => isOn(powers, catalogue, id) }));
  return handlers;
}

/** The owner may switch a capability off, or one that is off by itself on. */
export function isOn(powers: Powers, catalogue: Catalogue, id: CapabilityId): boolean {
  const value = powers.store.get("setting", `capability/${id}`)?.value.value;
  return typeof value === "boolean" ? value : catalogue.manifests.get(id)?.off !== true;
}
