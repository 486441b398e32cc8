/** German, French and Spanish: days, what is to be done, and what is personal. Labelled by hand. */
import { describe, expect, test } from "vitest";
import type { Surroundings, Turn } from "../src/core/transform.ts";
import { readLexicon } from "../src/word-lists.ts";
import { extractTasks } from "../transforms/extract-tasks.ts";
import { redact } from "../transforms/redact.ts";
import { findDates } from "../transforms/text/dates.ts";

const SURROUNDINGS: Surroundings = {
  ...readLexicon(),
  people: [],
  tokenOf: (_, text) => text,
  language: "en",
  now: 0,
  nowOffsetMinutes: 0,
};
/** A Tuesday. */
const SENT = Date.parse("2026-06-16T18:05:00+02:00");

const DAYS: readonly (readonly [string, string, string])[] = [
  ["de", "nächsten Dienstag", "2026-06-23"],
  ["de", "kommenden Freitag um 15 Uhr", "2026-06-19T15:00:00+02:00"],
  ["de", "übermorgen früh um 8", "2026-06-18T08:00:00+02:00"],
  ["de", "morgen Abend um halb acht", "2026-06-17T19:30:00+02:00"],
  ["de", "am 3. Juli", "2026-07-03"],
  ["de", "bis 30.6.", "2026-06-30"],
  ["de", "in zwei Wochen", "2026-06-30"],
  ["de", "heute in einer Woche", "2026-06-23"],
  ["de", "Ende nächster Woche", "2026-06-26"],
  ["de", "Dienstag in einer Woche", "2026-06-30"],
  ["de", "Montag Vormittag", "2026-06-22"],
  ["de", "um viertel nach 9", "2026-06-17T09:15:00+02:00"],
  ["de", "am Wochenende", "2026-06-20"],
  ["de", "nächsten Monat", "2026-07-01"],
  ["de", "Samstagabend", "2026-06-20"],
  ["de", "Mittwochs um 10:30 Uhr", "2026-06-17T10:30:00+02:00"],
  ["fr", "demain à 18h", "2026-06-17T18:00:00+02:00"],
  ["fr", "mardi prochain", "2026-06-23"],
  ["fr", "lundi à 9h30", "2026-06-22T09:30:00+02:00"],
  ["fr", "après-demain", "2026-06-18"],
  ["fr", "le 14 juillet", "2026-07-14"],
  ["fr", "dans trois jours", "2026-06-19"],
  ["fr", "d'ici vendredi", "2026-06-19"],
  ["fr", "fin juin", "2026-06-30"],
  ["fr", "la semaine prochaine", "2026-06-22"],
  ["fr", "ce week-end", "2026-06-20"],
  ["fr", "samedi soir à 20 heures", "2026-06-20T20:00:00+02:00"],
  ["fr", "le 1er août à midi", "2026-08-01T12:00:00+02:00"],
  ["fr", "demain matin", "2026-06-17"],
  ["fr", "avant la fin du mois", "2026-06-30"],
  ["fr", "dans une semaine", "2026-06-23"],
  ["fr", "dans quinze jours", "2026-07-01"],
  ["es", "el próximo lunes", "2026-06-22"],
  ["es", "mañana a las 10", "2026-06-17T10:00:00+02:00"],
  ["es", "pasado mañana", "2026-06-18"],
  ["es", "el viernes por la tarde", "2026-06-19"],
  ["es", "el martes que viene", "2026-06-23"],
  ["es", "el 3 de julio", "2026-07-03"],
  ["es", "dentro de dos semanas", "2026-06-30"],
  ["es", "a finales de mes", "2026-06-30"],
  ["es", "esta noche", "2026-06-16"],
  ["es", "el sábado a las 20:30", "2026-06-20T20:30:00+02:00"],
  ["es", "este fin de semana", "2026-06-20"],
  ["es", "la semana que viene", "2026-06-22"],
  ["es", "el jueves a las siete y media", "2026-06-18T07:30:00+02:00"],
  ["es", "antes del día 25", "2026-06-25"],
  ["es", "en tres días", "2026-06-19"],
  ["es", "mañana por la mañana", "2026-06-17"],
  ["es", "a mediodía", "2026-06-17T12:00:00+02:00"],
  ["es", "el 5/7", "2026-07-05"],
];

test.each(DAYS)("in %s “%s” is %s", (language, text, value) => {
  const found = findDates(text, { sentAt: SENT, offsetMinutes: 120, language });
  expect(found.map((date) => date.value)).toEqual([value]);
});

type Asking = readonly [string, string, string, string | null, string | null];
const ASKED: readonly Asking[] = [
  ["Könntest du mir bitte bis Freitag den Vertrag schicken?", "ja klar", "Den Vertrag schicken", "Ben", "2026-06-19"],
  [
    "kann bitte wer nächsten Dienstag den Beamer mitnehmen?",
    "ich nehm ihn mit",
    "Den Beamer mitnehmen",
    "Ben",
    "2026-06-23",
  ],
  ["wir müssen bis 30.6. die Kaution überweisen", "mach ich", "Die Kaution überweisen", "Ben", "2026-06-30"],
  ["Wer kauft die Getränke?", "mach ich", "Die Getränke kaufen", "Ben", null],
  ["tu peux passer à la pharmacie demain à 18h ?", "oui", "Passer à la pharmacie", "Ben", "2026-06-17T18:00:00+02:00"],
  ["faut qu'on réserve les billets", "je les réserve ce soir", "Réserver les billets", "Ben", "2026-06-16"],
  ["N'oublie pas d'envoyer le devis lundi", "ok", "Envoyer le devis", "Ben", "2026-06-22"],
  ["¿me puedes mandar las fotos?", "sí", "Mandar las fotos", "Ben", null],
  ["el próximo lunes hay que entregar el informe", "yo lo termino", "Entregar el informe", "Ben", "2026-06-22"],
  ["por favor llama al banco mañana a las 10", "vale", "Llama al banco", "Ben", "2026-06-17T10:00:00+02:00"],
];

test.each(ASKED)("“%s”, “%s” is one task", (asked, answered, title, assignee, due) => {
  const turn = (index: number, sender: string, text: string): Turn => ({
    index,
    sender,
    text,
    sentAt: SENT + index,
    offsetMinutes: 120,
    replyTo: null,
    media: 0,
  });
  const prepared = extractTasks.prepare(
    [turn(0, "Ana", asked), turn(1, "Ben", answered)],
    { tasks_max: 9 },
    SURROUNDINGS,
  );
  const { tasks } = prepared.kind === "value" ? prepared.value : prepared.fallback;
  // A title repeats no whole message: it may be turned round ("Das Hotel: buchen").
  expect(tasks.map((task) => [task.assignee, task.due])).toEqual([[assignee, due]]);
  const words = (text: string): string[] =>
    text
      .toLowerCase()
      .match(/\p{L}+/gu)
      ?.sort() ?? [];
  expect(words(tasks[0]?.title ?? "")).toEqual(words(title));
});

describe("what is personal is masked, whatever the language", () => {
  const shown = (text: string): string => redact(text, { ...SURROUNDINGS, tokenOf: (kind) => `${kind}_1` }).text;
  test.each([
    ["meine Steuer-ID ist 36 574 261 809", "809"],
    ["mein Passwort ist Sommer2026!", "Sommer"],
    ["Ich wohne in der Schillerstraße 5, 80336 München", "Schiller"],
    ["ruf Jürgen Maier an: +49 (0)151 2345678", "2345678"],
    ["geboren am 3. Mai 1988", "1988"],
    ["Kennzeichen W-12345X", "12345"],
    ["mon numéro de sécu est 2 69 05 49 588 157 80", "588"],
    ["appelle Chloé au 06.12.34.56.78", "Chlo"],
    ["né le 12/03/1990", "1990"],
    ["dis à Guillaume de venir", "Guillaume"],
    ["mi DNI es 12345678Z", "12345678"],
    ["la contraseña es gato123", "gato"],
    ["llama a Begoña al 91 234 56 78", "234"],
    ["dile a Andrés que venga", "Andr"],
    ["зовут Иван, +7 912 345-67-89", "Иван"],
    ["我叫王伟，电话 13800138000", "王伟"],
  ])("%s", (text, secret) => {
    expect(shown(text)).not.toContain(secret);
  });

  test.each([
    "kannst du morgen bitte das Paket abholen und die Rechnung bezahlen",
    "Wer kümmert sich um die Getränke und den Kuchen?",
    "tu peux réserver une table et apporter le dessert demain soir",
    "¿puedes comprar las entradas y llamar al médico mañana?",
  ])("everyday words stay: %s", (text) => {
    expect(shown(text)).toBe(text);
  });
});
