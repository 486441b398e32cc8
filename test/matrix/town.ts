/** A homeserver, people on it, and Lazaret with an account there: the whole program, as its users have it. */
import { type RealDaemon, RealHome } from "../real-lazaret.ts";
import { Homeserver, type Registered } from "./homeserver.ts";
import { Person, until } from "./person.ts";

export class Town implements AsyncDisposable {
  readonly server: Homeserver;
  readonly home: RealHome;
  readonly bot: Registered;
  readonly people: Person[] = [];
  daemon: RealDaemon;

  private constructor(server: Homeserver, home: RealHome, bot: Registered, daemon: RealDaemon) {
    this.server = server;
    this.home = home;
    this.bot = bot;
    this.daemon = daemon;
  }

  static async found(config = "listen: { port: 0 }\n"): Promise<Town> {
    const server = await Homeserver.start();
    const bot = await server.register("bot");
    const home = new RealHome(config);
    return new Town(server, home, bot, await home.up());
  }

  async arrive(name: string, isSigned = true): Promise<Person> {
    const person = await Person.arrive(this.server, await this.server.register(name), isSigned);
    this.people.push(person);
    return person;
  }

  ask<T = Record<string, unknown>>(verb: string, input: object = {}): Promise<T> {
    return this.daemon.ask<T>(verb, input);
  }

  /** Adds the account as channel `mx`, and pairs its owner in the direct chat. Gives that room. */
  async settle(owner: Person, assurance: "low" | "medium" = "medium"): Promise<string> {
    const settings = { homeserver: this.server.url, user: this.bot.user, owner: owner.id };
    await this.ask("channel.add", { name: "mx", kind: "matrix", secret: this.bot.password, settings });
    const direct = await owner.joinFrom(this.bot.user);
    await this.pair(owner, direct, "owner", assurance);
    return direct;
  }

  async pair(person: Person, direct: string, role: string, assurance: "low" | "medium" = "medium"): Promise<void> {
    const { code } = await this.ask<{ code: string }>("pair.start", { channel: "mx", role, assurance });
    await person.say(direct, code);
    await until(async () => {
      const found = await this.ask<{ state: string; claim: { platform: string } | null }>("pair.wait", {
        code,
        wait_ms: 1000,
      });
      return found.state === "sent" && found.claim?.platform === person.id;
    });
    await this.ask("pair.confirm", { code, yes: true });
    await person.hears(direct, this.bot.user, /^We are connected/);
  }

  async restart(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.daemon.stop(signal);
    this.daemon = await this.home.up();
  }

  async live(): Promise<void> {
    type Channels = { readonly channels: readonly { readonly name: string; readonly state: string }[] };
    await until(async () =>
      (await this.ask<Channels>("channel.list")).channels.some(({ name, state }) => name === "mx" && state === "live"),
    );
  }

  async entries(type?: string): Promise<readonly { readonly type: string; readonly body: Record<string, unknown> }[]> {
    const filter = type === undefined ? {} : { type };
    return (await this.ask<{ entries: [] }>("ledger.entries", { after: 0, limit: 1000, ...filter })).entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const person of this.people) await person[Symbol.asyncDispose]();
    await this.daemon[Symbol.asyncDispose]();
    this.home[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
