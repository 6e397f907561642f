/** Numbers of payment cards: 12 to 19 digits of a known brand whose check digit is right (Luhn, ISO/IEC 7812-1, annex B). */
const SHORTEST = 12;
const LONGEST = 19;

/** Digits, with a space or a dash between any two of them. */
const RUN = /\d(?:[ -]?\d){11,}/g;

const BRANDS: readonly { readonly begins: RegExp; readonly lengths: readonly number[] }[] = [
  { begins: /^4/, lengths: [13, 16, 19] },
  { begins: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { begins: /^3[47]/, lengths: [15] },
  { begins: /^3(?:0[0-5]|[689])/, lengths: [14, 16] },
  { begins: /^35/, lengths: [16] },
  { begins: /^6(?:011|4[4-9]|5)/, lengths: [16, 19] },
  { begins: /^62/, lengths: [16, 17, 18, 19] },
  { begins: /^(?:50|5[6-9]|6[0137])/, lengths: [12, 13, 14, 15, 16, 17, 18, 19] },
];

export function isCardNumber(digits: string): boolean {
  return (
    /^\d{12,19}$/.test(digits) &&
    BRANDS.some(({ begins, lengths }) => lengths.includes(digits.length) && begins.test(digits)) &&
    isLuhn(digits)
  );
}

/**
 * The text with every card number replaced. One begins and ends where a run of digits does: none is found inside a longer
 * number, nor behind a decimal point.
 */
export function replaceCards(text: string, mark: string): string {
  return text.replace(RUN, (run: string, at: number) =>
    /\d\.$/.test(text.slice(Math.max(0, at - 2), at)) ? run : replaceInRun(run, mark),
  );
}

function replaceInRun(run: string, mark: string): string {
  const groups = run.split(/(?<=[ -])/);
  let clean = '';
  for (let from = 0; from < groups.length;) {
    const to = cardEnd(groups, from);
    const isCard = to > from;
    const last = groups[isCard ? to - 1 : from] ?? '';
    clean += isCard ? mark + (/[ -]$/.exec(last)?.[0] ?? '') : last;
    from = isCard ? to : from + 1;
  }
  return clean;
}

/** The group behind the longest card number that begins with group `from`, or `from` where none does. */
function cardEnd(groups: readonly string[], from: number): number {
  let digits = '';
  let end = from;
  for (let to = from; to < groups.length && digits.length <= LONGEST; to += 1) {
    digits += (groups[to] ?? '').replace(/[ -]$/, '');
    if (digits.length >= SHORTEST && isCardNumber(digits)) end = to + 1;
  }
  return end;
}

function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
