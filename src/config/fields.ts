/** Fields that need more than a pattern: time zones, addresses, hosts and who is meant by an id. */
import { z } from "zod";
import { ADDRESS_KINDS } from "../core/http.ts";
import { RAW_ID_CHARS_MAX } from "../core/limits.ts";

const ZONE = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(?:\/[A-Za-z0-9_+-]{1,32}){0,2}$/;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost)$/;
const URL_CHARS_MAX = 512;

/** Does this machine know the zone? Names only: an offset such as `+01:00` has no summer time. */
export function isZone(name: string): boolean {
  if (!ZONE.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // RangeError: no such zone
  }
}

export const Zone = z.string().max(64).refine(isZone, { error: "a time zone is an IANA name, such as Europe/Vienna" });

/** Kinds of address that a host may lead to; what nobody may have is no choice. */
export const Addresses = z
  .array(z.enum(ADDRESS_KINDS).exclude(["reserved"]))
  .min(1)
  .max(ADDRESS_KINDS.length)
  .default(["public"])
  .describe("Kinds of address that it may lead to");

export const Language = z.string().regex(/^[a-z]{2}$/, { error: "a language is its two letters, such as en or de" });

/** A platform's own id of a room, as the network writes it. */
export const Room = z
  .string({ error: "a room is its id on the network, in quotes" })
  .min(1)
  .max(RAW_ID_CHARS_MAX)
  .refine((room) => room.trim() === room, { error: "an id neither begins nor ends with a space" });

export const Domain = z
  .string()
  .max(253)
  .regex(HOST, { error: "a domain in lower case, such as example.org, without scheme or path" });

/** `example.org` or `example.org:8443`. */
export const HostPort = z
  .string()
  .max(260)
  .refine(
    (text) => {
      const [host = "", port, ...more] = text.split(":");
      const isPort = port === undefined || (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536);
      return HOST.test(host) && isPort && more.length === 0;
    },
    { error: "a host in lower case, such as example.org or example.org:8443, without scheme or path" },
  );

/** `example.org`, `example.org:8443`, or `*.example.org` for all below it. */
export const WallName = z
  .string()
  .max(262)
  .refine((text) => HostPort.safeParse(text.replace(/^\*\.(?=[^:]*\.[a-z])/, "")).success, {
    error: "a host in lower case, such as example.org or *.example.org, without scheme or path",
  });

function readUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

const isBare = (url: URL): boolean =>
  url.username === "" && url.password === "" && url.search === "" && url.hash === "";

/** An address to connect to: https, or http to this machine; no user, password, query or fragment. */
export const Address = z
  .string()
  .max(URL_CHARS_MAX)
  .refine((text) => readUrl(text) !== null, { error: "an address begins with https://", abort: true })
  .refine((text) => isBare(readUrl(text) ?? new URL("http://?#")), {
    error: "an address holds no user, password, query or fragment: the file keeps no secret",
  })
  .refine(
    (text) => {
      const url = readUrl(text);
      return url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
    },
    { error: "an address begins with https://; http:// is for this machine alone" },
  );

/** A host alone, or an IP address as URLs write it, without brackets. */
export const Host = z
  .string()
  .max(253)
  .refine((text) => HOST.test(text) || (IPV6.test(text) && isCanonical(text)), {
    error: "a host in lower case, such as example.org, without scheme, port or path",
  });
const IPV6 = /^[0-9a-f:]{2,39}$/;
const isCanonical = (text: string): boolean =>
  URL.canParse(`http://[${text}]/`) && new URL(`http://[${text}]/`).hostname === `[${text}]`;
