/** MCP over streamable HTTP at /mcp: one POST a message, one JSON answer; no streams, because we ask nothing. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BODY_BYTES_MAX, MCP_CALLS_PER_TOKEN_MAX } from "../../core/limits.ts";
import type { Clock, Random } from "../../core/ports.ts";
import type { Token } from "../../core/records.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Surface } from "../../gateway/surface.ts";
import type { Holder } from "../auth.ts";
import { stopOf } from "../stream.ts";
import { type Era, eraOf, isLegacy } from "./era.ts";
import { answered, negotiated } from "./methods.ts";
import { type Answer, faultOf, type Message, messagesOf, RPC, RpcFault, resultOf } from "./rpc.ts";
import { type Session, Sessions } from "./sessions.ts";

export type McpPowers = {
  readonly surface: Surface;
  readonly clock: Clock;
  readonly random: Random;
  readonly stopping: AbortSignal;
  readonly fault: (where: string, error: unknown) => void;
  readonly version: string;
};

/** Adds the place. `admit` looks at the token before anything of a body is read. */
export async function addMcp(
  app: FastifyInstance,
  path: string,
  powers: McpPowers,
  admit: (request: FastifyRequest) => Holder,
): Promise<void> {
  const door = new McpDoor(powers);
  const holders = new WeakMap<FastifyRequest, Holder>();
  const tokenOf = (request: FastifyRequest): Token => {
    const holder = holders.get(request);
    if (holder === undefined) throw new Refusal("auth.required");
    return holder.token;
  };
  await app.register((inner, _options, done) => {
    inner.removeAllContentTypeParsers();
    const asText = { parseAs: "string", bodyLimit: BODY_BYTES_MAX } as const;
    inner.addContentTypeParser("application/json", asText, (_request, body, parsed) => parsed(null, body));
    inner.addHook("onRequest", async (request) => void holders.set(request, admit(request)));
    inner.post(path, (request, reply) => door.post(request, reply, tokenOf(request)));
    inner.delete(path, (request, reply) => door.end(request, reply, tokenOf(request)));
    // There is no stream to listen to (2025-11-25, basic, transports: then 405).
    inner.get(path, (_request, reply) => reply.code(405).header("allow", "POST, DELETE").send());
    done();
  });
}

/** HTTP status of a fault: 200 as JSON-RPC has it, but where a specification names another. */
const STATUS: Readonly<Partial<Record<number, number>>> = {
  [RPC.parse]: 400,
  [RPC.request]: 400,
  [RPC.header]: 400,
  [RPC.version]: 400,
  [RPC.internal]: 500,
};
const statusOf = (era: Era | null, { code, isMalformed }: RpcFault): number =>
  era === "modern" && code === RPC.method ? 404 : isMalformed ? 400 : (STATUS[code] ?? 200);

class McpDoor {
  readonly #powers: McpPowers;
  readonly #sessions: Sessions;
  readonly #busy = new Map<Token["id"], number>();

  constructor(powers: McpPowers) {
    this.#powers = powers;
    this.#sessions = new Sessions(powers.clock, powers.random);
  }

  async post(request: FastifyRequest, reply: FastifyReply, token: Token): Promise<FastifyReply> {
    const release = this.#claim(token);
    const stop = stopOf(request, this.#powers.stopping);
    try {
      return await this.#answer(request, reply, token, stop);
    } finally {
      release();
      stop.abort();
    }
  }

  /** A client that needs its session no more. */
  end(request: FastifyRequest, reply: FastifyReply, token: Token): FastifyReply {
    const id = request.headers["mcp-session-id"];
    if (id === undefined) return reply.code(405).header("allow", "POST").send();
    if (typeof id !== "string" || !this.#sessions.end(id, token.id)) throw new Refusal("not_found");
    return reply.code(204).send();
  }

  /** Whoever asks too much at once waits for its own questions first. */
  #claim({ id }: Token): () => void {
    const busy = this.#busy.get(id) ?? 0;
    if (busy >= MCP_CALLS_PER_TOKEN_MAX)
      throw new Refusal("rate.limited", { hint: `at most ${MCP_CALLS_PER_TOKEN_MAX} requests at once` });
    this.#busy.set(id, busy + 1);
    return () => {
      const left = (this.#busy.get(id) ?? 1) - 1;
      if (left > 0) this.#busy.set(id, left);
      else this.#busy.delete(id);
    };
  }

  async #answer(
    request: FastifyRequest,
    reply: FastifyReply,
    token: Token,
    stop: AbortController,
  ): Promise<FastifyReply> {
    let era: Era | null = null;
    let id: Message["id"];
    try {
      const { messages, isBatch } = messagesOf(typeof request.body === "string" ? request.body : "");
      const first = messages[0] as Message;
      id = isBatch ? undefined : first.id;
      if (isBatch) return await this.#batch(request, reply, token, stop, messages);
      era = eraOf(first, request.headers);
      if (era === "legacy") return await this.#legacy(request, reply, token, stop, first);
      if (id === undefined) return reply.code(202).send();
      return this.#send(reply, 200, resultOf(id, await this.#ask(era, first, token, stop)));
    } catch (error) {
      const fault = this.#faultOf(error);
      return this.#send(reply, statusOf(era, fault), faultOf(id, fault));
    }
  }

  /** Only what is the protocol's own is said; anything else is a fault of ours and says nothing. */
  #faultOf(error: unknown): RpcFault {
    if (error instanceof RpcFault) return error;
    if (error instanceof Refusal) throw error;
    this.#powers.fault("POST /mcp", error);
    return new RpcFault(RPC.internal, "Internal error");
  }

  #send(reply: FastifyReply, status: number, answer: Answer | readonly Answer[]): FastifyReply {
    const text = JSON.stringify(answer);
    return reply.code(status).type("application/json; charset=utf-8").send(Buffer.from(text));
  }

  #ask(era: Era, message: Message, token: Token, stop: AbortController): Promise<object> {
    const { surface, version } = this.#powers;
    return answered(era, message, { door: surface.door, token, stop: stop.signal, version });
  }

  async #legacy(
    request: FastifyRequest,
    reply: FastifyReply,
    token: Token,
    stop: AbortController,
    message: Message,
  ): Promise<FastifyReply> {
    const { id } = message;
    if (message.method === "initialize") {
      if (id === undefined) throw new RpcFault(RPC.request, "initialize is a request");
      const result = await this.#ask("legacy", message, token, stop);
      reply.header("mcp-session-id", this.#sessions.begin(token.id, negotiated(message.params)));
      return this.#send(reply, 200, resultOf(id, result));
    }
    const session = this.#sessionOf(request, token);
    if (id === undefined) {
      takeBack(session, message);
      return reply.code(202).send();
    }
    session.open.set(id, stop);
    try {
      return this.#send(reply, 200, resultOf(id, await this.#ask("legacy", message, token, stop)));
    } finally {
      session.open.delete(id);
    }
  }

  /** Throws RpcFault without one, and `not_found` (404: begin anew) for one that is over or somebody else's. */
  #sessionOf(request: FastifyRequest, token: Token): Session {
    const id = request.headers["mcp-session-id"];
    if (id === undefined) throw new RpcFault(RPC.request, "No session: send initialize first");
    const session = typeof id === "string" ? this.#sessions.of(id, token.id) : null;
    if (session === null) throw new Refusal("not_found", { hint: "This session is over: send initialize again." });
    const version = request.headers["mcp-protocol-version"];
    if (version !== undefined && !isLegacy(version)) throw new RpcFault(RPC.request, "Unsupported protocol version");
    return session;
  }

  /** Revision 2025-03-26 has batches; they are answered one after the other. */
  async #batch(
    request: FastifyRequest,
    reply: FastifyReply,
    token: Token,
    stop: AbortController,
    messages: readonly Message[],
  ): Promise<FastifyReply> {
    const session = this.#sessionOf(request, token);
    if (session.version !== "2025-03-26") throw new RpcFault(RPC.request, "This version has no batches");
    const answers: Answer[] = [];
    for (const message of messages) {
      if (message.id === undefined) takeBack(session, message);
      else answers.push(await this.#oneOf(message, message.id, token, stop));
    }
    return answers.length === 0 ? reply.code(202).send() : this.#send(reply, 200, answers);
  }

  async #oneOf(message: Message, id: NonNullable<Message["id"]>, token: Token, stop: AbortController): Promise<Answer> {
    try {
      if (message.method === "initialize") throw new RpcFault(RPC.request, "initialize stands alone");
      return resultOf(id, await this.#ask("legacy", message, token, stop));
    } catch (error) {
      return faultOf(id, this.#faultOf(error));
    }
  }
}

/** A request that its client takes back is not waited for any longer. What it did stays done. */
function takeBack(session: Session, { method, params }: Message): void {
  const id = params?.["requestId"];
  if (method !== "notifications/cancelled" || (typeof id !== "string" && typeof id !== "number")) return;
  session.open.get(id)?.abort();
}
