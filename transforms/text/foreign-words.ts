/**
 * Everyday German, French, Spanish and Italian words, so that a message in these is not masked whole. Written
 * for this project.
 */
const GERMAN = `
aber abend abends alle allem allen aller alles als also am an andere anderen angebot anrufen arbeit auch auf aus
bald bei beide beim bekommen besser besten bin bis bist bitte bleibt brauche brauchen brauchst da dabei dafür daheim
damit danach dann daran darauf darf das dass dein deine deinem deinen deiner dem den denke denn der des deshalb dich
die dies diese diesem diesen dieser dieses dir doch dort du durch eigentlich ein eine einem einen einer eines
einfach einkaufen einmal er erst erste ersten es essen etwas euch euer eure fahren fahre fährt fast fertig fertige
frage fragen freue früh früher frühstück für ganz ganze gar geben gegen gehe gehen geht gemacht genau gerade gerne
gern gesagt gestern gibt gibts ging gleich groß große gut gute guten guter habe haben habt hab halb hallo hast hat
hatte hatten heim heißt heute hier hin hinter hoffe holen ich ihm ihn ihnen ihr ihre ihrem ihren im immer in ins ist
ja jede jeden jeder jedes jemand jetzt kann kannst kein keine keinen klar kleine kommen komme kommst kommt können
könnte könnten könntest kurz kaufen lange lang leider letzte letzten lieber los mach mache machen machst macht mal
man manchmal mehr mein meine meinem meinen meiner melde mich mir mit mittag mittags möchte möchten morgen morgens
muss müssen musst nach nachher nacht natürlich neben nein neu neue neuen nicht nichts nie niemand noch nochmal nun
nur ob oben oder ohne paar passt problem rechnung ruf rufen ruft sache sag sage sagen sagt schau schicke schicken
schickst schickt schon schön schreib schreibe schreiben sehr seid sein seine seinem seinen seiner seit selbst sich
sicher sie sind so sogar soll sollen sollte sollten später spät stimmt super tag tage termin toll treffen treffpunkt
trotzdem tun tut über übermorgen überweisen uhr um und uns unser unsere unten unter viel viele vielen vielleicht vom
von vor vorbei vorher wann war wäre waren warte warten warum was wegen weil weiß welche weiter wenig wenn wer werde
werden wie wieder will willst wir wird wirklich wo woche wochenende wochen wohl wohne wohnt wollen wollte wollten
worden wurde würde würden zahlen zeit zu zum zur zurück zusammen zwei zwischen drei vier fünf sechs sieben acht neun
zehn freitags montags eltern kinder mutter vater bruder schwester freund freundin leute mann frau haus wohnung auto
schule büro zug bus bahn geld straße nummer adresse telefon handy passwort karte konto lautet heißen geboren rufe
erreichst unterlagen bericht danke`;

const FRENCH = `
à ai aime alors appelle appeler après argent arrive assez au aujourd'hui aujourd aussi autre autres aux avait avant
avec avez avoir avons beaucoup besoin bien bon bonjour bonne bonsoir ça car ce cela celle celui ces cet cette chaque
chez chose comme comment compte contre d'accord dans de déjà demain demander depuis dernier dernière des deux devant
dire dis dit doit donc dont du elle elles en encore enfants entre envoie envoyer envoyé es est-ce et était êtes être
eu eux faire fais fait fallait faut femme fois font gens hier homme ici il ils j'ai j'aime je jour jours jusqu'à
juste l'adresse la là le les leur leurs lui lundi ma mais maison mal matin me merci mes mettre mieux midi moi moins
mois mon monde n'est ne ni non nos notre nous nouveau nouvelle nuit on ont ou où oui par parce parler pas pendant
père mère personne petit petite peu peut peux plus pour pourquoi pouvez pouvoir premier première prendre près
prochain prochaine puis qu'est quand que quel quelle quelqu'un quelque quelques qui quoi rappelle rappeler rdv
rendez rien sa sais sait sans se sera ses si soir sois sommes son sont sous souvent suis sur ta te tes toi ton
toujours tous tout toute toutes travail très trop trouver tu un une va vais vas vers veut veux viens vient ville
voici voilà voir vos votre voudrais vous vrai vraiment y numéro téléphone adresse mot passe carte rue habite
appartement né née trois quatre venir revenir partir rester tenir sortir apporter acheter payer écrire lire cinq
sept huit neuf dix facture réunion rapport semaine heure heures minute`;

const SPANISH = `
a adiós ahí ahora al algo alguien algún alguna algunos allá allí antes aquel aquí así aunque ayer bien buen buena
buenas bueno buenos cada calle casa casi cerca como cómo con conmigo contigo contra cosa cosas cuál cual cuando
cuándo cuánto cuatro cuenta cinco da de debe debo decir del demasiado dentro desde después día días dice dijo dinero
donde dónde dos durante e el él ella ellas ellos empezar en entonces entre era eres es esa esas ese eso esos está
estaba estado están estar estas este esto estos estoy fue fueron fui gente gracias gran grande gusta ha haber había
hablar hace hacer hacia hago han hasta hay haya he hemos hizo hola hombre hora horas hoy iba igual ir jefe la las le
les llamar llamo llama lo los luego lugar mal mañana mandar manda más me mejor menos mes mi mía mientras mío mis
mismo mucha mucho muchos mujer muy nada nadie necesito necesita ni ningún niños no noche nombre nos nosotros nuestra
nuestro nueva nuevo número nunca o os otra otro otros para parte pasa pasado pero persona poco podemos poder por
porque por qué puede pueden puedes puedo pues que qué quedamos queremos quien quién quiere quieres quiero reunión
sábado sabe sabes salir se sé sea seis semana ser si sí sido siempre siete sin sobre solo sólo somos son soy su sus
tal también tan tarde tarjeta te tengo teléfono tenemos tener tenía tiempo tiene tienes toda todas todavía todo
todos trabajo tres tu tú tus un una uno unos usted ustedes va vamos van vas veces ver verdad vez vida viene vivir
vivo vive voy y ya yo dirección contraseña enviar factura ocho nueve diez trabajar comprar pagar nacido nacida`;

const ITALIAN = `
alla alle allo anche ancora andare bene buongiorno casa che chi ci ciao come con cosa così dalla dalle della delle
dello di domani dopo dove due e è ecco fare fatto gli già grazie ha hai hanno ho il io lei loro lui ma mai me meglio
mi mio molto nel nella no noi non nostro ogni oggi oppure ora perché per più poi posso prima puoi qualcosa quando
quanto quella quello questa questo qui sarà se sei sempre senza si sì sono sta stai stasera sto su subito sua suo ti
tra troppo tu tutti tutto un una uno va vai vado vediamo vieni vuoi indirizzo numero telefono`;

export const FOREIGN_FUNCTION_WORDS = `${GERMAN}${FRENCH}${SPANISH}${ITALIAN}`;
