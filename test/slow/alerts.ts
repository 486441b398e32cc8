/** A system outside that has a webhook channel: posts what happens, shows what waits. */
import { createHmac } from "node:crypto";
import { expect } from "vitest";

export const SECRET = "a-secret-of-the-alerts-channel-1234567890";

/** The alerts system: posts what happens, shows what waits, says what it has shown. */
export class Alerts {
  readonly #http: string;

  constructor(http: string) {
    this.#http = http;
  }

  #headers(signed: string): Record<string, string> {
    const at = String(Math.floor(Date.now() / 1000));
    const mac = createHmac("sha256", SECRET).update(`${at}.${signed}`).digest("hex");
    return { "x-lazaret-timestamp": at, "x-lazaret-signature": `v1=${mac}`, "content-type": "application/json" };
  }

  async post(body: object, path = "/hooks/alerts"): Promise<number> {
    const text = JSON.stringify(body);
    const answer = await fetch(`http://${this.#http}${path}`, {
      method: "POST",
      headers: this.#headers(text),
      body: text,
    });
    await answer.text();
    return answer.status;
  }

  async outbox(after: number, wait: number): Promise<readonly Item[]> {
    const path = `/hooks/alerts/outbox?after=${after}&wait=${wait}`;
    const answer = await fetch(`http://${this.#http}${path}`, { headers: this.#headers(path) });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { items: Item[] }).items;
  }
}
export type Item = { readonly seq: number; readonly text: string; readonly conversation: string };
