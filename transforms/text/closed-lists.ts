/**
 * Closed lists of words by what they mean to a detector. Lower case, apart by white space. Written for this
 * project.
 */
import { FLAG } from "./flags.ts";
import { FOREIGN_ERRAND_WORDS } from "./foreign-errands.ts";
import { FOREIGN_FUNCTION_WORDS } from "./foreign-words.ts";
import { PLACE_HEADS, PLACE_WORDS } from "./places.ts";

const FUNCTION_WORDS = `
a about above across after again against ago all almost along already also although always am among an and another
any anybody anyone anything anyway anywhere are around as at away back be became because been before behind being
below besides between both but by can cannot could did do does doing done down during each either else enough even
ever every everybody everyone everything everywhere except few first for from further gave get gets getting give
gives go goes going gone gonna got gotta had has have having he hence her here hers herself him himself his how
however i if in inside instead into is it its itself just keep kept kinda last later least less let lets like lot
lots made make makes many maybe me might mine more most much must my myself near need needs neither never next no
nobody none nor not nothing now nowhere of off often oh ok okay on once one ones only onto or other others ought our
ours ourselves out outside over own per perhaps please put quite rather really said same saw say says see seem seems
several shall she should since so some somebody someone something sometimes somewhere soon still such take than
thank thanks that the their theirs them themselves then there therefore these they thing things this those though
three through thus to today together tomorrow tonight too took toward towards two under until unless up upon us use
used very via want wanna was way we well went were what whatever when whenever where wherever whether which while
who whoever whole whom whose why will with within without would yeah yep yes yesterday yet you your yours yourself
yourselves yup nope nah hey hi hello bye goodbye sorry four five six seven eight nine ten hundred thousand million
nana dude guys folks mum mom dad mama papa i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd
she'll it's it'd it'll we're we've we'd we'll they're they've they'd they'll that's that'd that'll there's there'd
there'll here's what's what're what'd what'll who's who'd who'll where's where'd when's why's how's how'd how'll
let's isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't mustn't mightn't
needn't hasn't haven't hadn't shan't ain't y'all o'clock c'mon ma'am 'em 'cause ol' could've would've should've
might've must've everyone's someone's everybody's somebody's nobody's anyone's today's tomorrow's tonight's one's
other's dont doesnt didnt cant couldnt wont wouldnt shouldnt isnt arent wasnt werent havent hasnt hadnt im ive id
ill youre youve youll theyre theyve theyll hes shes thats theres whats wheres hows whos lets its weve itll aint yall`;

const CHAT_WORDS = `
lol lmao lmfao rofl omg omfg wtf wth btw imo imho tbh ngl idk idc ikr irl fyi fwiw asap aka eta tba tbd tbc thx tx
ty tysm np pls plz plss u ur r y k kk ok okey okie cuz coz cos bc b4 gr8 l8r tmr tmrw tmw tomoz 2moro tonite nite
wknd bday gf bf bff hubby sis bro bros bruh fam dm dms pm pms rn gtg g2g brb afk ttyl cya xx xxx xo xoxo jk yolo
fomo smh nvm msg msgs txt pic pics vid vids app apps wifi internet online offline email emails mail url urls link
links pdf pdfs csv json html css sql api apis sdk ssh ftp vpn usb cpu gpu ram ssd hdd tv tvs pc pcs laptop laptops
smartphone hotspot ping admin admins repo repos config configs backend frontend fullstack devops sprint standup
retro kanban jira todo todos demo demos beta login logins logout signup username usernames auth oauth token tokens
screenshot screenshots screenshare webcam zoom slack teams hangout hangouts chatbot bot bots ai ip ips dns tcp udp
ml llm gpt emoji emojis gif gifs meme memes hashtag podcast podcasts vlog blogger selfie selfies youtuber influencer
livestream playlist youtube whatsapp telegram instagram insta twitter tiktok snapchat discord reddit iphone ipad
android mac macbook windows linux excel powerpoint dropbox github gitlab docker kubernetes python javascript
typescript java matrix skype signal covid corona vaccine vax quarantine pto ooo hr ceo cto cfo coo vp pr prs qa ui
ux kpi kpis roi okr okrs rfp faq faqs tldr ps nb rsvp byob diy gps atm iban bic swift ssn dob vat gst vin nhs irs
fbi cia nasa un eu usa uk id ids pin pins otp sms mms cv cvs cvv cvc gmt utc cet cest est edt pst pdt bst am pm ad
bc mr ml kg km cm mm mph kph ft lb lbs oz usd eur gbp chf cad aud jpy inr euro euros dollar dollars pound pounds
quid buck bucks cent cents croissant croissants latte lattes cappuccino espresso avocado sushi ramen taco tacos
burrito pizza pizzas prosecco aperol spritz smoothie gluten vegan vegans halloumi hummus brunch barbecue bbq hostel
checkin checkout carpool rideshare coworking kindergarten daycare babysitter babysitting playdate potluck karaoke
pilates yoga crossfit marathon meetup meetups hackathon webinar webinars rebase rebased refactor refactored rollout
rollback changelog backlog deadline deadlines roadmap onboarding offboarding followup followups upfront timezone
timezones callback dropdown tooltip popup popups homepage signin cleanup workaround deadlock timeout timeouts
dataset datasets spreadsheet spreadsheets inbox inboxes unsubscribe screensaver touchpad charger chargers earbuds
headphones smartwatch ebook ebooks mins min hrs hr sec secs yr yrs wk wks mth mths approx est avg etc eg ie vs no.
nr num tel ext fri thu thurs tue tues wed sat sun mon whoa yikes oops ouch ugh meh yum yummy woohoo woot duh phew
geez jeez gosh dang darn damn heck hella gotcha lemme gimme dunno whatcha gotchu outta sorta prolly def deffo obvs
obv totes cringe cringy salty lowkey highkey sus legit vibe vibes lit goat slay bae ghosted ghosting defo innit
cheers ta mate mates xmas nye thnx thanx soo sooo alot aswell alright kinda sorta ya yea yeh yaa ye nooo noo hiya
heya howdy yo hola ciao danke merci gracias bitte bonjour hallo servus moin grüezi prost salut`;

const TITLES = `
mr mrs ms miss mx dr prof professor sir madam ma'am lord lady rev reverend fr hon jr sr capt captain sgt lt col gen
maj cpl officer herr frau fräulein hr fr. mag ing dipl monsieur madame mademoiselle m. mme mlle mgr maître señor
señora señorita sr sra srta don doña signor signora signorina sig doctor doctora docteur frère uncle aunt auntie
aunty grandma grandpa nurse coach detective sergeant messrs mister missus phd md esq dott dottore dra`;

const STREETS = `
street st road rd avenue ave av boulevard blvd lane ln drive dr court ct place pl square sq terrace ter parkway pkwy
highway hwy crescent cres close mews alley row walk way circle cir trail trl grove gardens quay wharf pike turnpike
expressway causeway esplanade straße strasse str gasse allee platz weg ring damm ufer chaussee promenade gässli rue
avenue boulevard chemin impasse allée quai cours place route passage faubourg sentier calle avenida avda avd paseo
plaza carrera camino carretera travesía ronda rambla callejón via viale corso piazza piazzale vicolo largo strada
lungomare rua travessa praça estrada ulica ul ulice utca út tér rakpart sétány körút väg vägen gata gatan vej gade
allé straat laan plein kade gracht katu tie kuja enparantza kalea heights forest creek hills hill valley island
islands beach bay lake falls springs ridge village township junction bridge bruk dorf`;

const UNITS = `
apt apartment suite ste unit flat floor box pobox room rm bldg building block lot postbox postfach psc tür stiege
top wohnung etage stock appartement bâtiment bât étage piso puerta escalera interno scala apto bureau casilla
apartado`;

const ORGS = `
inc incorporated llc ltd corp corporation plc llp lp pllc gmbh ohg ug mbh ev sarl sas sasu eurl srl sl slu bv nv oy
oyj asa aps sro zrt kft nyrt pty pvt pte`;

const MONTHS = `
january february march april may june july august september october november december jan feb mar apr jun jul aug
sep sept oct nov dec januar jänner februar märz mai juni juli oktober dezember okt dez mrz janvier février mars
avril juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio agosto
septiembre setiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre
dicembre`;

const CAPITAL_OK = `
i monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
sundays montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi
dimanche lunes martes miércoles jueves viernes sábado domingo english german french spanish italian american british
european asian african chinese japanese korean indian thai mexican greek turkish russian polish portuguese dutch
swedish danish norwegian finnish irish scottish welsh austrian swiss belgian canadian australian brazilian arabic
arab hebrew latin vietnamese ukrainian czech hungarian romanian bulgarian croatian serbian iranian persian pakistani
moroccan egyptian nigerian kenyan californian parisian londoner viennese bavarian catholic protestant christian
christians jewish muslim muslims hindu buddhist orthodox islam islamic christianity judaism buddhism christmas
easter halloween thanksgiving hanukkah ramadan diwali eid valentine's valentines xmas weihnachten ostern silvester
noël pâques god jesus christ bible internet web earth mars moon sun tv ok pdf faq asap fyi atm pin iban ssn dob id
us uk eu usa it hr pr ai api url usb vpn pc am pm ps eta rsvp diy gps sms dm cv ceo cto cfo http https geo html css
sql json csv otp cvv cvc bic swift vat zip dna hiv covid wifi lol omg btw imo tbh nye bbq sir mum mom dad mama papa
grandma grandpa du sie ihr ihnen ihre`;

const DOES = `
is was has had says said asked asks wants wanted told tells thinks thought knows knew called calls texted texts sent
sends wrote writes went goes came comes did does doesn't didn't isn't wasn't hasn't got gets needs needed likes
liked loves loved made makes took takes gave gives left leaves lives lived works worked looks looked seems seemed
feels felt agreed agrees promised offered suggested replied answered shouted yelled paid pays bought brings brought
booked sold spent moved joined started stopped forgot found finished owes owns sings plays can can't could couldn't
should would wouldn't might must shouldn't won't named confirmed cancelled canceled arrived arrives visited met
smiled laughed cried died married turned became ran runs drove drives picked handles handled reviewed signed shared
posted mentioned`;

const TAKES_PERSON = `
ask asked asking asks tell told telling tells call called calling text texted texting texts message messaged dm
pinged ping email emailed emailing meet met meeting invite invited inviting remind reminded thank thanked named
name's pay paid owe owes marry married marrying dating divorced hugged hug kiss kissed visit visited love loved
loves hate hates miss missed trust trusts believe saw seen seeing with from hired fired interviewed cc'd cc forward
forwarded consult phone phoned phoning rang facetime skype contact contacted notify notified warn warned help helped
join joined follow followed unlike like give gave giving hand handed lend lent send sent show showed let drove drive
pick picked drop dropped bring brought wake woke congratulate congratulated introduce introduced know knew by
featuring ft feat starring`;

const GREETINGS = `
hi hey hello hiya heya howdy yo dear morning evening afternoon thanks thank thx ty cheers bye goodbye goodnight
night gn gm congrats congratulations sorry welcome hallo servus moin liebe lieber hola ciao salut bonjour bonsoir
cher chère querido querida estimado estimada danke merci gracias sup wassup yep yes no ok okay nope sure please`;

const PARTICLES = `
de del della delle dell di da dal das dos du des van von vom vonder der den ter ten zu zum zur la las le les los lo
el al bin ibn ben abu ap af av y och na nad pod sur sous lez st ste saint sainte san santa santo sankt`;

const SECRET_CUES = `
password passwords passwort passwd pwd pw pass passcode passphrase passwrd pword psw kennwort secret credential
credentials creds apikey key token contraseña clave password's mdp passe zugangsdaten losung parole`;

const CODE_CUES = `
pin pins code codes otp cvv cvc cvv2 tan puk 2fa mfa combination passcode combo geheimzahl codigo código zugangscode
alarm safe lockbox gate keypad verification`;

const MEASURES = `
yuan rmb yen rupees krone kroner zloty forint
euro euros eur dollar dollars usd pound pounds gbp chf quid bucks cents percent pct years year yrs yr months month
weeks week days day hours hour hrs hr minutes minute mins min seconds second secs sec ms am pm km kilometers
kilometres miles mile mi m meters metres cm mm kg kilos kilo g grams lb lbs pounds oz liters litres l ml gb mb tb kb
ghz mhz hz watts w kw kwh degrees people persons guests tickets pieces times pages words lines points users messages
items units rows copies calories kcal steps stars likes followers views jahre jahren monate wochen tage tagen
stunden minuten uhr prozent personen leute ans mois semaines jours heures minutes personnes años meses semanas días
horas minutos personas`;

const ADDRESS_CUES = `
address addresses addr lives live living lived located location deliver delivered delivery ship shipping mailing
billing residence resides reside moved arrived return taxi cab office visit adresse adressen anschrift wohnt wohne
wohnhaft lieferadresse habite habitons domicile dirección vive vivo domicilio indirizzo abita abito corner postcode
zip zipcode plz`;

const BIRTH_CUES = `
born birth birthday birthdate bday dob geboren geburtstag geburtsdatum né née naissance anniversaire nacido nacida
nacimiento cumpleaños nato nata nascita`;

const PHONE_CUES = `
phone mobile cell tel telephone call fax whatsapp handy telefon telefonnummer nummer mobil téléphone portable
teléfono móvil celular cellulare number text ring landline extension ext`;

/** Cards: what stands before the month in which one runs out. */
const ID_CUES = "exp expires expiry expiration expiring valid thru gültig ablaufdatum expire expira caduca";

const SHY_NAMES =
  "will may can hope page long young just early price miles grant chance art law read best joy faith king case day way";

const GIVEN = `
mark bill frank jack rob rose grace dawn hope joy faith ruby daisy lily pearl ivy holly hazel heather iris violet
olive ginger amber crystal jade sky robin drew chase grant lance miles dean glen ray rod pat sue gene norm cliff
clay dale wade ward will art skip chip buck duke earl prince summer autumn april june may august jan mercy patience
charity harmony melody destiny angel candy cherry honey scarlet sandy misty rusty sunny sterling penny rocky rich
rock jewel coral opal fern flora basil herb reed brook clark grant chance hunter mason carter cooper tanner taylor
parker porter tucker tyler turner marsh myrtle aria nova stella eve gale ginny jay jess josh kit kitty laurel merry
nick river rowan sage star stone storm sylvan victor vance victory willow wren dolly guy hank jean may trinity
marina rosemary savannah sierra sienna`;

const DOT_WORDS = "dot punkt punto";

const ORG_NOUNS = `
university college institute bank foundation association hospital clinic school ministry department agency bureau
church airlines airways group holdings partners limited company co universität hochschule klinik krankenhaus verein
université école hôpital banque universidad hospital colegio banco ag sa as ab se spa kg`;
const COPULAS = "is was are were ist sind war est es está son equals = lautet now i'm it's its reads";

/** Flag and its words. A word may be on several lists. */
export const CLOSED_LISTS: readonly (readonly [number, string])[] = [
  [FLAG.FUNCTION, FUNCTION_WORDS],
  [FLAG.FUNCTION, FOREIGN_FUNCTION_WORDS],
  [FLAG.CAPITAL_OK, FOREIGN_ERRAND_WORDS],
  [FLAG.CLOSED, CHAT_WORDS],
  [FLAG.TITLE, TITLES],
  [FLAG.STREET, STREETS],
  [FLAG.UNIT, UNITS],
  [FLAG.ORG, ORGS],
  [FLAG.MONTH, MONTHS],
  [FLAG.CAPITAL_OK, CAPITAL_OK],
  [FLAG.DOES, DOES],
  [FLAG.TAKES_PERSON, TAKES_PERSON],
  [FLAG.GREETING, GREETINGS],
  [FLAG.PARTICLE, PARTICLES],
  [FLAG.SECRET_CUE, SECRET_CUES],
  [FLAG.CODE_CUE, CODE_CUES],
  [FLAG.MEASURE, MEASURES],
  [FLAG.ADDRESS_CUE, ADDRESS_CUES],
  [FLAG.BIRTH_CUE, BIRTH_CUES],
  [FLAG.PHONE_CUE, PHONE_CUES],
  [FLAG.ID_CUE, ID_CUES],
  [FLAG.SHY_NAME, SHY_NAMES],
  [FLAG.GIVEN, GIVEN],
  [FLAG.DOT_WORD, DOT_WORDS],
  [FLAG.ORG_NOUN, ORG_NOUNS],
  [FLAG.COPULA, COPULAS],
  [FLAG.PLACE, PLACE_WORDS],
  [FLAG.PLACE_HEAD, PLACE_HEADS],
];
