/** The words that dates are made of, in English, German, French and Spanish. All lower case. */

const table = <T>(...rows: readonly (readonly [T, string])[]): ReadonlyMap<string, T> =>
  new Map(rows.flatMap(([value, words]) => words.split(",").map((word) => [word, value] as const)));

/** ISO weekday, Monday 1 to Sunday 7. */
export const WEEKDAYS = table<number>(
  [1, "monday,montag,lundi,lunes"],
  [2, "tuesday,tues,tue,dienstag,mardi,martes"],
  [3, "wednesday,weds,wed,mittwoch,mercredi,miércoles,miercoles"],
  [4, "thursday,thurs,thur,thu,donnerstag,jeudi,jueves"],
  [5, "friday,fri,freitag,vendredi,viernes"],
  [6, "saturday,samstag,sonnabend,samedi,sábado,sabado"],
  [7, "sunday,sonntag,dimanche,domingo"],
);

/** Short forms that are also ordinary words: they count after a word such as "on" or "by" only. */
export const SHORT_WEEKDAYS = table<number>([1, "mon"], [6, "sat"], [7, "sun"]);

export const MONTHS = table<number>(
  [1, "january,jan,januar,jänner,janvier,janv,enero,ene"],
  [2, "february,feb,februar,février,fevrier,févr,febrero"],
  [3, "march,mar,märz,maerz,mär,mars,marzo"],
  [4, "april,apr,avril,avr,abril,abr"],
  [5, "may,mai,mayo"],
  [6, "june,jun,juni,juin,junio"],
  [7, "july,jul,juli,juillet,juil,julio"],
  [8, "august,aug,août,aout,agosto,ago"],
  [9, "september,sept,sep,septembre,septiembre,setiembre"],
  [10, "october,oct,oktober,okt,octobre,octubre"],
  [11, "november,nov,novembre,noviembre"],
  [12, "december,dec,dezember,dez,décembre,decembre,déc,diciembre,dic"],
);

/** Days from the day of writing. */
export const RELATIVE_DAYS = table<number>(
  [2, "day after tomorrow,übermorgen,uebermorgen,après-demain,apres-demain,après demain"],
  [2, "pasado mañana,pasado manana"],
  [1, "tomorrow,tomorow,tommorow,tommorrow,tmrw,tmr,2moro,morgen,demain,mañana,manana"],
  [
    0,
    "today,tonight,2day,this morning,this afternoon,this evening,heute,heut,aujourd'hui,ce soir,cet " +
      "après-midi,hoy,esta noche,esta tarde",
  ],
  [-1, "yesterday,last night,gestern,hier,ayer,anoche"],
  [-2, "day before yesterday,vorgestern,avant-hier,anteayer,antes de ayer"],
);

export const NUMBERS = table<number>(
  [1, "one,a,an,ein,eine,einer,einem,einen,un,une,uno,una"],
  [2, "two,couple of,a couple of,a couple,zwei,deux,dos"],
  [3, "three,drei,trois,tres"],
  [4, "four,vier,quatre,cuatro"],
  [5, "five,fünf,fuenf,cinq,cinco"],
  [6, "six,sechs,seis"],
  [7, "seven,sieben,sept,siete"],
  [8, "eight,acht,huit,ocho"],
  [9, "nine,neun,neuf,nueve"],
  [10, "ten,zehn,dix,diez"],
  [11, "eleven,elf,onze,once"],
  [12, "twelve,zwölf,zwoelf,douze,doce"],
  [14, "fourteen,vierzehn,quatorze,quinze jours,catorce"],
  [15, "fifteen,fünfzehn,quinze,quince"],
  [20, "twenty,zwanzig,vingt,veinte"],
  [30, "thirty,dreißig,dreissig,trente,treinta"],
  [0.5, "half a,half an,einer halben,une demi,media"],
);

export type Unit = "minute" | "hour" | "day" | "week" | "month" | "year";

export const UNITS = table<Unit>(
  ["minute", "minutes,minute,mins,min,minuten,minutos,minuto"],
  ["hour", "hours,hour,hrs,hr,stunden,stunde,heures,heure,horas,hora"],
  ["day", "days,day,tagen,tage,tag,jours,jour,días,dias,día,dia"],
  ["week", "weeks,week,wks,wochen,woche,semaines,semaine,semanas,semana"],
  ["month", "months,month,monaten,monate,monats,monat,mois,meses,mes"],
  ["year", "years,year,jahren,jahre,jahres,jahr,ans,an,année,años,año"],
);

/** Words before a date that say "the one after this": of the week, month or year that follows. */
export const NEXT =
  "next,nächsten,nächste,nächster,nächstes,naechsten,naechste,kommenden,kommende,kommender,próximo,próxima," +
  "proximo,proxima";
/** Words before a date that say "the coming one". */
export const THIS = "this coming,this,coming,diesen,diese,dieser,dieses,ce,cet,cette,este,esta";
/** Words after a date that say "the one after this". */
export const NEXT_AFTER =
  "next week,nächste woche,naechste woche,nächster woche,de la semaine prochaine,de la semana que viene";

/** Parts of the day: which half an hour without am or pm belongs to. */
export const EVENING =
  "tonight,evening,night,afternoon,dinner,drinks,supper,party,movie,cinema,concert,abend,abends,nachmittag," +
  "nachmittags,nacht,abendessen,kino," +
  "soir,soirée,après-midi,dîner,noche,tarde,cena,cine";
export const MORNING =
  "morning,breakfast,früh,vormittag,vormittags,morgens,matin,matinée,desayuno,de la mañana,por la mañana";

/** An alternation of all words of a list or table, longest first, so that the longest wins. */
export function oneOf(words: Iterable<string> | string): string {
  const list = typeof words === "string" ? words.split(",") : [...words];
  return list
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    .map((word) => word.replaceAll(" ", "\\s+"))
    .join("|");
}
