/** The starting points of one record, from what was read of it here and elsewhere. */
import { FristError } from '../../errors.ts';
import { startElsewhere, type StartElsewhere } from '../elsewhere.ts';
import type { Facts, Raw, ResolvedStart } from '../policy.ts';
import type { ClauseStart, Inquiry, Task } from '../view.ts';
import { createReader, type Now, type Value } from './raw.ts';
import { columnName, leavesOf, startOf, type Bound, type Leaf } from './start.ts';
import { zoneOf, type Zone } from './zone.ts';

type Reader = (raw: Raw) => Value;

/** A part of the policy's own start: how reports name it, what it says, and the source that was asked, if another was. */
export interface Part {
  readonly name: string;
  readonly value: Value;
  readonly source: string | undefined;
}

export class Starts {
  readonly #task: Task;
  readonly #zone: Zone;
  readonly #readers: readonly Reader[];
  /** Aligned with the inquiries. */
  readonly #readersElsewhere: readonly Reader[];
  /** The parts of the policy's own start, in the order of `raw`. */
  readonly #leaves: readonly Leaf[];

  /** The task must have its encodings. */
  constructor(task: Task, zone: Zone, now: Now) {
    const reader = (start: ResolvedStart): Reader => createReader(start, zone, localZone(start, zone), now);
    this.#task = task;
    this.#zone = zone;
    this.#readers = task.starts.map(reader);
    this.#readersElsewhere = task.inquiries.map(({ start }) =>
      start === undefined ? unread : reader(start),
    );
    this.#leaves = leavesOf(task.own.start);
  }

  /** The start of a clause for this record. */
  of(start: ClauseStart, facts: Facts, bound: Bound): Value {
    return startOf(start, (leaf) => this.#value(leaf, facts, bound), bound, this.#zone);
  }

  /** The raw values that the policy's own start rests on, one per part. */
  raw(facts: Facts, bound: Bound): Raw[] {
    return this.#leaves.map(({ kind, index }) =>
      kind === 'column' ? (facts.starts[index] ?? null) : this.#elsewhere(index, facts, bound).raw,
    );
  }

  /** The policy's own start from what `raw` gave. */
  ofRaw(raw: readonly Raw[], bound: Bound): Value {
    const value = ({ kind, index }: Leaf): Value => {
      const at = this.#leaves.findIndex((one) => one.kind === kind && one.index === index);
      const readers = kind === 'column' ? this.#readers : this.#readersElsewhere;
      return known(readers[index])(raw[at] ?? null);
    };
    return startOf(this.#task.own.start, value, bound, this.#zone);
  }

  /** What each part of the policy's own start says. */
  parts(facts: Facts, bound: Bound): Part[] {
    return this.#leaves.map((leaf) => {
      const value = this.#value(leaf, facts, bound);
      if (leaf.kind === 'column')
        return { name: columnName(known(this.#task.starts[leaf.index])), value, source: undefined };
      const { about, view } = this.#inquiry(leaf.index);
      const { source, record } = about;
      return { name: `${source}.${record}.${columnName(known(view.starts[0]))}`, value, source };
    });
  }

  #value({ kind, index }: Leaf, facts: Facts, bound: Bound): Value {
    return kind === 'column'
      ? known(this.#readers[index])(facts.starts[index] ?? null)
      : this.#elsewhere(index, facts, bound).value;
  }

  #elsewhere(index: number, facts: Facts, bound: Bound): StartElsewhere {
    const { about } = this.#inquiry(index);
    if (!('start' in about)) throw new FristError('DEFECT', { what: MISFIT });
    return startElsewhere(about, facts, index, known(this.#readersElsewhere[index]), bound, this.#zone);
  }

  #inquiry(index: number): Inquiry {
    return known(this.#task.inquiries[index]);
  }
}

/** Nobody knows how the start is stored in a source that was never reached. */
function unread(): Value {
  return { kind: 'unknown elsewhere', why: 'unreachable' };
}

const MISFIT = 'facts do not fit the view they were asked by';

function localZone(start: ResolvedStart, zone: Zone): Zone {
  return start.encoding.kind === 'local' ? zoneOf(start.encoding.zone) : zone;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new FristError('DEFECT', { what: MISFIT });
  return value;
}
