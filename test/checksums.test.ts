import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ahv,
  bsn,
  codiceFiscale,
  cpf,
  dni,
  iban,
  insee,
  luhn,
  nationalId,
  nhs,
  nino,
  pesel,
  ssn,
  steuerId,
  svnr,
} from "../transforms/text/checksums.ts";

/** Published examples; no person's number. The second is the first with one sign changed. */
test.each<[string, (compact: string) => boolean, string, string]>([
  ["a card", luhn, "4111111111111111", "4111111111111112"],
  ["an IBAN", iban, "DE89370400440532013000", "DE89370400440532013001"],
  ["a small IBAN", iban, "gb82west12345698765432", "gb82west12345698765433"],
  ["a US social security number", ssn, "536904399", "000904399"],
  ["a German tax number", steuerId, "86095742719", "86095742718"],
  ["a French social security number", insee, "185057800608491", "185057800608492"],
  ["a Spanish DNI", dni, "12345678Z", "12345678A"],
  ["a Spanish NIE", dni, "x1234567l", "x1234567m"],
  ["an Austrian social security number", svnr, "1237010180", "1238010180"],
  ["a British NI number", nino, "AB123456C", "BG123456C"],
  ["an NHS number", nhs, "9434765919", "9434765918"],
  ["an Italian tax code", codiceFiscale, "RSSMRA85T10A562S", "RSSMRA85T10A5629"],
  ["a Dutch BSN", bsn, "111222333", "111222334"],
  ["a Polish PESEL", pesel, "44051401359", "44051401358"],
  ["a Swiss AHV number", ahv, "7569217076985", "7569217076984"],
  ["a Brazilian CPF", cpf, "52998224725", "52998224724"],
])("%s passes, and fails with one sign changed", (_, check, right, wrong) => {
  expect(check(right)).toBe(true);
  expect(check(wrong)).toBe(false);
});

test("no text makes a check throw", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      return [nationalId(text), iban(text), dni(text), insee(text)].every((answer) => typeof answer === "boolean");
    }),
  );
});
