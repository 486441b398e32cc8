/** Connectors that break what is promised about kinds, ids, senders, clocks and files. */
import { type Bug, bug, inContent, inEnvelope, kindOnly, loopback, without } from "./broken.ts";

export const KIND_BUGS: readonly Bug[] = [
  bug(
    "declares a kind fewer than it has",
    "the kinds that are declared are the kinds there are",
    loopback(({ abilities }) => ({ abilities: { ...abilities, kinds: abilities.kinds.slice(1) } })),
  ),
  bug(
    "hands an edit in as a message",
    "an edit names what it changes, and brings the new text",
    loopback(() => ({
      event: kindOnly("edit", ({ envelope, content }) => ({ envelope: { ...envelope, kind: "message" }, content })),
    })),
  ),
  bug(
    "keeps the text of what was deleted",
    "a delete names what goes, and brings no text",
    loopback(() => ({ event: kindOnly("delete", (event) => ({ ...event, content: { text: "oops" } })) })),
  ),
  bug(
    "loses a reaction's target",
    "a reaction names its target, and its key is content, however hostile",
    loopback(() => ({ event: kindOnly("reaction", without("target")) })),
  ),
  bug(
    "cleans a reaction's key",
    "a reaction names its target, and its key is content, however hostile",
    inContent((content) => (content.key === undefined ? content : { ...content, key: content.key.replace(/\W/g, "") })),
  ),
  bug(
    "loses a member",
    "a membership says who is in, as content, and each id can be one",
    inContent((content) =>
      content.members === undefined ? content : { ...content, members: content.members.slice(1) },
    ),
  ),
  bug(
    "cuts long ids instead of hashing them",
    "an id that cannot be one is hashed, the same always to the same, and nobody can pose as a hash",
    inEnvelope(({ envelope }) => ({ sender: { ...envelope.sender, id: envelope.sender.id.slice(0, 32) } })),
  ),
  bug(
    "calls a bot a person",
    "whoever is no person is flagged as what they are",
    inEnvelope(({ envelope }) => ({ sender: { ...envelope.sender, kind: "person" } })),
  ),
  bug(
    "makes names fit by cutting them",
    "names of people and conversations are content, in any script, and change no id",
    inContent(({ sender_name, ...content }) =>
      sender_name === undefined ? content : { ...content, sender_name: sender_name.slice(0, 3) },
    ),
  ),
  bug(
    "takes the far end's clock for its own",
    "nothing was sent after it was received, and an old moment stays old",
    inEnvelope(({ envelope }) => ({ sent_at: envelope.sent_at + 87_600 * 3_600_000 })),
  ),
  bug(
    "cuts a file",
    "a file at the cap arrives whole, its name beside it, its size and kind declared",
    inContent(({ attachments, ...content }) => ({
      ...content,
      ...(attachments ? { attachments: attachments.map((file) => ({ ...file, data: file.data.slice(0, 1024) })) } : {}),
    })),
  ),
  bug(
    "cuts a list of files to half of each",
    "a file above the cap, or one file too many, is left out or refused, never cut",
    inContent(({ attachments, ...content }) => ({
      ...content,
      ...(attachments ? { attachments: attachments.map((file) => ({ ...file, data: file.data.slice(0, 8) })) } : {}),
    })),
  ),
  bug(
    "hands a gap in as a message",
    "a gap is an event of its own",
    loopback(() => ({
      event: kindOnly("gap", ({ envelope, content }) => ({ envelope: { ...envelope, kind: "message" }, content })),
    })),
  ),
];
