/** Counts in words: English to the hundreds, German, French and Spanish to what people say of messages. Folded text. */

const NUMBERS: ReadonlyMap<string, number> = new Map(
  (
    [
      [1, "one,a,an,ein,eine,einer,einem,einen,un,une,uno,una"],
      [2, "two,couple,zwei,deux,dos"],
      [3, "three,drei,trois,tres"],
      [4, "four,vier,quatre,cuatro"],
      [5, "five,few,several,funf,fuenf,paar,einige,cinq,quelques,cinco,pocos,unos,unas"],
      [6, "six,sechs,seis"],
      [7, "seven,sieben,sept,siete"],
      [8, "eight,acht,huit,ocho"],
      [9, "nine,neun,neuf,nueve"],
      [10, "ten,zehn,dix,diez,dizaine"],
      [11, "eleven,elf,onze,once"],
      [12, "twelve,dozen,zwolf,zwoelf,dutzend,douze,douzaine,doce,docena"],
      [13, "thirteen,dreizehn,treize,trece"],
      [14, "fourteen,vierzehn,quatorze,catorce"],
      [15, "fifteen,funfzehn,quinze,quinzaine,quince"],
      [16, "sixteen,sechzehn,seize,dieciseis"],
      [17, "seventeen,siebzehn"],
      [18, "eighteen,achtzehn"],
      [19, "nineteen,neunzehn"],
      [20, "twenty,zwanzig,vingt,vingtaine,veinte"],
      [25, "funfundzwanzig,veinticinco"],
      [30, "thirty,dreissig,trente,trentaine,treinta"],
      [40, "forty,fourty,vierzig,quarante,cuarenta"],
      [50, "fifty,funfzig,cinquante,cinquantaine,cincuenta"],
      [60, "sixty,sechzig,soixante,sesenta"],
      [70, "seventy,siebzig,setenta"],
      [80, "eighty,achtzig,ochenta"],
      [90, "ninety,neunzig,noventa"],
      [100, "hundred,hundert,einhundert,cent,centaine,cien"],
      [200, "zweihundert,doscientos"],
      [1000, "thousand,tausend,mille,mil"],
    ] as const
  ).flatMap(([value, words]) => words.split(",").map((word) => [word, value] as const)),
);

const WORDS = [...NUMBERS.keys()].sort((a, b) => b.length - a.length).join("|");
/** Digits, or up to four words such as `a couple of`, `two hundred`, `twenty-five`. One group. */
export const COUNT = `(\\d{1,3}(?:[.,' ]\\d{3})+|\\d{1,6}|(?:${WORDS})(?:[ -](?:${WORDS})){0,3})(?: of| de)?`;

/** The number that a match of COUNT says; 0 when it says none. */
export function countOf(said: string): number {
  if (/^\d/.test(said)) return Number(said.replace(/[^\d]/g, ""));
  let sum = 0;
  for (const word of said.split(/[ -]/)) {
    const value = NUMBERS.get(word) ?? 0;
    if (value >= 100) sum = Math.max(1, sum) * value;
    // "a couple", "a few": the article counts for nothing beside another number.
    else sum = sum === 1 && value > 1 ? value : sum + value;
  }
  return sum;
}
