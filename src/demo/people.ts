/** People who do not exist. Addresses are under names that nobody can register (RFC 2606); no real phone begins with 00. */
import type { Random } from './random.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
}

const FIRST = [
  ...[
    'Anne',
    'Mette',
    'Kirsten',
    'Søren',
    'Jørgen',
    'Åse',
    'Ida',
    'Freja',
    'Emma',
    'Noah',
    'William',
    'Oscar',
  ],
  ...[
    'Lars',
    'Niels',
    'Hanne',
    'Birgitte',
    'Kåre',
    'Bjørn',
    'Astrid',
    'Ingrid',
    'Gösta',
    'Jürgen',
    'Zoë',
    'André',
  ],
  ...[
    'Fatima',
    'Mehmet',
    'Ayşe',
    'Piotr',
    'Łukasz',
    'Olga',
    'Siobhán',
    'Thi',
    '小芳',
    'Μαρία',
    'Ruth',
    'Peter',
  ],
] as unknown as readonly [string, ...string[]];

const LAST = [
  ...[
    'Nielsen',
    'Jensen',
    'Hansen',
    'Østergaard',
    'Kjær',
    'Sørensen',
    'Lund',
    'Holm',
    'Bech-Møller',
    'Dahl',
    'Winther',
  ],
  ...[
    "O'Neill",
    'de la Cruz',
    'Åkesson',
    'Müller',
    'Yılmaz',
    'Kowalski',
    'Nguyen',
    'Null',
    'Thorsen',
    'Brandt',
  ],
  ...['Vestergaard', 'Schmidt', 'Friis', 'Rasmussen', 'Toft', 'Skov', 'Bang', 'Krogh', '王', 'Παππά', 'Day'],
] as unknown as readonly [string, ...string[]];

const HOSTS = ['example.com', 'example.org', 'example.net', 'mail.example'] as const;

/** Letters that Unicode does not take apart. */
const PLAIN: Readonly<Record<string, string>> = {
  ø: 'oe',
  æ: 'ae',
  å: 'aa',
  ł: 'l',
  ı: 'i',
  ş: 's',
  ß: 'ss',
};

function ascii(name: string): string {
  const latin = name.toLowerCase().replace(/[øæåłışß]/g, (letter) => PLAIN[letter] ?? letter);
  return latin.normalize('NFD').replace(/[^a-z]/g, '') || 'x';
}

/** A new person; `serial` makes the address unlike all others. */
export function person(random: Random, serial: number): Person {
  const first = random.pick(FIRST);
  const last = random.pick(LAST);
  const phone = ['00', ...Array.from({ length: 3 }, () => String(random.int(10, 99)))].join(' ');
  return {
    name: `${first} ${last}`,
    email: `${ascii(first)}.${ascii(last)}${serial}@${random.pick(HOSTS)}`,
    phone: `+45 ${phone}`,
  };
}

/** On record in all four systems, and due in all four; the demo places a hold on her. */
export const HELD: Person = {
  name: 'Karen Lindholm',
  email: 'karen.lindholm@example.org',
  phone: '+45 00 48 15 16',
};

const REMARKS = [
  (who: Person) => `${who.name} asked to be called on ${who.phone} after the holidays.`,
  (who: Person) => `Spoke with ${who.name}; wants the offer sent to ${who.email}.`,
  (who: Person) => `Met ${who.name} at the fair in Herning; has two children at school there.`,
  (who: Person) => `${who.name} is on sick leave until further notice, "back in spring".`,
  (who: Person) => `Will ring ${who.phone} again; ${who.name} was driving.`,
  (who: Person) =>
    `${who.name}'s brother works for us; 100% sure of the reference; path C:\\cv\\${who.email}`,
] as unknown as readonly [(who: Person) => string, ...((who: Person) => string)[]];

/** A sentence about somebody, as staff write them. */
export function remark(random: Random, who: Person): string {
  return random.pick(REMARKS)(who);
}
