/** Check digits of cards, accounts and national numbers. All take the bare digits (and letters) without separators. */

/** Luhn, ISO/IEC 7812-1. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 13616: four signs to the end, letters as 10 to 35, modulo 97 is 1. Case-blind. */
export function iban(compact: string): boolean {
  if (!/^[a-z]{2}\d{2}[a-z0-9]{11,30}$/i.test(compact)) return false;
  const turned = compact.slice(4) + compact.slice(0, 4);
  let rest = 0;
  for (const sign of turned.toLowerCase()) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * (digits.charCodeAt(at) - 48), 0);
}

/** US: no 000, 666 or 9xx area, no 00 group, no 0000 serial (SSA). */
export function ssn(digits: string): boolean {
  return /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits);
}

/** DE Steuer-Identifikationsnummer, ISO 7064 MOD 11,10. */
export function steuerId(digits: string): boolean {
  if (!/^[1-9]\d{10}$/.test(digits)) return false;
  let product = 10;
  for (let at = 0; at < 10; at++) {
    const sum = (digits.charCodeAt(at) - 48 + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digits.charCodeAt(10) - 48;
}

/** FR numéro de sécurité sociale: 97 minus the number modulo 97; Corsica's 2A and 2B count as 19 and 18. */
export function insee(compact: string): boolean {
  if (!/^[12]\d{4}(?:\d{2}|2[ab])\d{8}$/i.test(compact)) return false;
  const number = compact.slice(0, 13).replace(/2a/i, "19").replace(/2b/i, "18");
  return 97 - Number(BigInt(number) % 97n) === Number(compact.slice(13));
}

/** ES DNI and NIE: the letter is number modulo 23. */
export function dni(compact: string): boolean {
  const found = /^([xyz]?)(\d{7,8})([a-z])$/i.exec(compact);
  if (found === null) return false;
  const lead = "xyz".indexOf((found[1] ?? "").toLowerCase());
  const number = Number(`${found[1] === "" ? "" : lead}${found[2]}`);
  return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] === found[3]?.toUpperCase();
}

/** AT Sozialversicherungsnummer: weights 3 7 9, 5 8 4 2 1 6, modulo 11 is the fourth digit. */
export function svnr(digits: string): boolean {
  if (!/^[1-9]\d{9}$/.test(digits)) return false;
  const sum = weighted(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
  return sum % 11 === digits.charCodeAt(3) - 48;
}

/** GB National Insurance number: prefixes that HMRC issues, a last letter of A to D. */
export function nino(compact: string): boolean {
  return /^(?!bg|gb|kn|nk|nt|tn|zz)[abceghj-prstw-z][abceghj-nprstw-z]\d{6}[a-d]?$/i.test(compact);
}

/** GB NHS number: weights 10 to 2, modulo 11. */
export function nhs(digits: string): boolean {
  if (!/^\d{10}$/.test(digits)) return false;
  const check = (11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === digits.charCodeAt(9) - 48;
}

/** IT codice fiscale by its form. */
export function codiceFiscale(compact: string): boolean {
  return /^[a-z]{6}[0-9lmnp-v]{2}[abcdehlmprst][0-9lmnp-v]{2}[a-z][0-9lmnp-v]{3}[a-z]$/i.test(compact);
}

/** NL burgerservicenummer: the eleven test. */
export function bsn(digits: string): boolean {
  return /^\d{9}$/.test(digits) && Number(digits) > 0 && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** PL PESEL. */
export function pesel(digits: string): boolean {
  if (!/^\d{11}$/.test(digits)) return false;
  return (10 - (weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === digits.charCodeAt(10) - 48;
}

/** CH AHV number: EAN-13 that begins with 756. */
export function ahv(digits: string): boolean {
  if (!/^756\d{10}$/.test(digits)) return false;
  return (10 - (weighted(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === digits.charCodeAt(12) - 48;
}

/** BR CPF. */
export function cpf(digits: string): boolean {
  if (!/^\d{11}$/.test(digits) || /^(\d)\1*$/.test(digits)) return false;
  const check = (length: number) => {
    let sum = 0;
    for (let at = 0; at < length; at++) sum += (digits.charCodeAt(at) - 48) * (length + 1 - at);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === digits.charCodeAt(9) - 48 && check(10) === digits.charCodeAt(10) - 48;
}

/** True when the compact form is a national number of one of these countries with a right check. */
export function nationalId(compact: string): boolean {
  if (/^\d+$/.test(compact)) return [steuerId, svnr, nhs, bsn, pesel, ahv, cpf, insee].some((check) => check(compact));
  return dni(compact) || nino(compact) || codiceFiscale(compact) || insee(compact);
}
