/**
 * Which names of tables and columns look like personal data, in Danish, Swedish, Norwegian, German and English. A guess:
 * what it finds is for a person to judge, and what it does not find may be personal all the same.
 */
import type { OutlineColumn, OutlineTable } from './outline.ts';

/** What a column seems to say of a person. */
export type PersonalKind =
  | 'e-mail'
  | 'phone'
  | 'name'
  | 'address'
  | 'birth'
  | 'national id'
  | 'network'
  | 'bank'
  | 'nature'
  | 'picture'
  | 'free text';

/** Words as they stand in a name that was cut into words; `first_name` are two, one after the other. */
const WORDS: Readonly<Record<PersonalKind, string>> = {
  'e-mail': 'email emails mail mejl epost e_post e_mail emailaddress mailaddress emailadresse',
  phone:
    'phone telephone tel tlf telefon telefonnummer mobile mobil mobilnummer mobilephone cellphone cell fax handy ' +
    'sms phonenumber',
  name:
    'firstname lastname surname fullname forename givenname familyname middlename nickname username login displayname ' +
    'first_name last_name full_name given_name family_name middle_name maiden_name user_name display_name nick_name ' +
    'contact_name contact_person customer_name person_name real_name sender_name author_name fname lname ' +
    'fornavn efternavn etternavn mellemnavn mellomnavn fornamn förnamn efternamn vorname nachname brugernavn ' +
    'brukernavn användarnamn benutzername',
  address:
    'address adresse adress street streetname gade gadenavn vej vejnavn gateadresse gatuadress strasse straße ' +
    'zip zipcode postcode postalcode postal_code zip_code postnummer postnr plz',
  birth:
    'birth birthday birthdate dob fødselsdato fodselsdato födelsedatum fodelsedatum geburtsdatum geburtstag',
  'national id':
    'cpr cprnr cprnummer ssn personnummer personnr fødselsnummer fodselsnummer passport pasnummer passnummer ' +
    'national_id tax_id steuernummer',
  network: 'ip ipaddress ipaddr ipv4 ipv6 useragent user_agent remote_addr device_id cookie_id visitor_id',
  bank: 'iban kontonummer kontonr bankkonto bankaccount bank_account account_number card_number credit_card',
  nature: 'gender køn kön kjønn geschlecht religion ethnicity nationality diagnosis',
  picture: 'photo avatar portrait signature cv resume lebenslauf',
  'free text':
    'note notes comment comments remark remarks message body biography bio bemærkning bemaerkning kommentar ' +
    'kommentarer notat notiz bemerkung anteckning',
};

/** Tables of people. */
const PEOPLE =
  'person persons people contact contacts customer customers client clients user users member members applicant ' +
  'applicants candidate candidates subscriber subscribers lead leads visitor visitors employee employees patient ' +
  'patients guest guests attendee attendees participant participants kontakt kontakter kontakte kunde kunder kunden ' +
  'kund medlem medlemmer medlemmar mitglied mitglieder ansøger ansøgere ansoeger ansoegere sökande søker bruger ' +
  'brugere bruker brukere användare nutzer benutzer abonnent abonnenter abonnenten deltager deltagere deltagare ' +
  'teilnehmer medarbejder medarbejdere ansatt ansatte anställd anställda mitarbeiter';

/** Kinds that need a table of people, or stronger signs beside them: a note may be about a machine. */
const WEAK: ReadonlySet<PersonalKind> = new Set(['picture', 'free text']);

const listed = (words: string): readonly string[] => words.split(' ').map((word) => `_${word}_`);
const KINDS = (Object.entries(WORDS) as [PersonalKind, string][]).map(
  ([kind, words]) => [kind, listed(words)] as const,
);
const OF_PEOPLE = listed(PEOPLE);

/** `shippingEMail2` → `_shipping_e_mail_2_` */
function wordsOf(name: string): string {
  const cut = name
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1_$2')
    .replaceAll(/(\p{L})(\p{N})/gu, '$1_$2')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_');
  return `_${cut.toLowerCase()}_`.replaceAll(/_+/g, '_');
}

/** What comes last in the name of a column that is about an address or a name, and holds none. */
const ABOUT = /_(?:format|template|type|status|count|encoding|length|verified|language)_$/;

/** What a column of this name seems to say of a person; undefined where nothing points at one. */
export function personalKind(column: string): PersonalKind | undefined {
  const words = wordsOf(column);
  if (ABOUT.test(words)) return undefined;
  return KINDS.find(([, list]) => list.some((word) => words.includes(word)))?.[0];
}

/** Whether a table of this name seems to be one of people. */
export function namesPeople(table: string): boolean {
  const words = wordsOf(table);
  return OF_PEOPLE.some((word) => words.includes(word));
}

/** A column that looks personal, and as what. */
export interface PersonalColumn {
  readonly column: OutlineColumn;
  readonly kind: PersonalKind;
}

const TELLING: ReadonlySet<OutlineColumn['kind']> = new Set(['text', 'json', 'binary', 'other']);
/** A date of birth is a date, and some keep a telephone number as a number. */
const ANY_TYPE: ReadonlySet<PersonalKind> = new Set(['birth', 'phone', 'national id', 'bank']);

/**
 * The columns of a table that look personal. Weak signs count only beside a strong one, or in a table of people; a flag
 * or a date that is named after an address (`email_sent_at`) says nothing of a person.
 */
export function personalColumns(table: OutlineTable): readonly PersonalColumn[] {
  const found = table.columns.flatMap((column) => {
    const kind = personalKind(column.name);
    if (kind === undefined || !(TELLING.has(column.kind) || ANY_TYPE.has(kind))) return [];
    return [{ column, kind }];
  });
  const strong = namesPeople(table.name) || found.some(({ kind }) => !WEAK.has(kind));
  return strong ? found : [];
}
